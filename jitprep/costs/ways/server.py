"""Cost of reads through ``jitprep serve``, on Fargate and on EC2.

A server is paid for by the hour, used or not. It waits for S3 at no cost, because it reads many objects
at once, and it returns results of any size.
"""

from __future__ import annotations

import math

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Instance, Prices
from jitprep.costs.ways.bill import (
    EC2,
    EC2_SPOT,
    FARGATE,
    Charge,
    Missing,
    TrainingPlan,
    Way,
    charge_gets,
)
from jitprep.costs.ways.invocation import MARGIN_MB

# CPU time of a request in addition to the transform: HTTP, and the read from S3. Measured on 2026-11-30
# by ``python -m bench.doors --quick --json --s3 URL`` on the machine of docs/cost.json, where the
# transform of a photograph of 500×375 took 2.5 ms.
SERVER_OVERHEAD_MS = 2.9
# Requests under way in a worker. Each may hold an object and a result.
_REQUESTS = 64
# A task of one vCPU has 2 to 8 GB, in whole ones:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
_LEAST_GB, _MOST_GB = 2, 8


def price_servers(
    measured: Measured, plan: TrainingPlan, prices: Prices
) -> tuple[Way | Missing, ...]:
    """Price reads through servers in the trainer's zone, with no load balancer between."""
    hours, gets = vcpu_hours(measured, plan), charge_gets(plan.objects, prices)
    return (
        _fargate(measured, plan, prices),
        _machine(EC2, prices.instances[plan.server], hours, gets),
        price_spot(EC2_SPOT, hours, gets, plan, prices),
    )


def price_spot(
    name: str, hours: float, gets: Charge, plan: TrainingPlan, prices: Prices
) -> Way | Missing:
    """Price hours of vCPUs on spot machines."""
    if plan.server not in prices.spot:
        return Missing(name, f"the price file has no spot price for {plan.server}")
    return _machine(name, prices.spot[plan.server], hours, gets)


def vcpu_hours(measured: Measured, plan: TrainingPlan, own_ms: float = SERVER_OVERHEAD_MS) -> float:
    """Return the hours of vCPUs that an epoch takes, idle ones included.

    An object takes `own_ms` of CPU in addition to its transform.
    """
    ms = plan.objects * (measured.ms + own_ms)
    return ms / 3_600_000 / plan.utilisation


def worker_mb(measured: Measured) -> float:
    """Return the memory in MiB of a worker, which has one vCPU and transforms one object at a time."""
    held = _REQUESTS * (measured.bytes_in + measured.bytes_out) / 2**20
    return measured.base_mb + measured.working_mb + MARGIN_MB + held


def fargate_gb(measured: Measured) -> int:
    """Return the memory that a task of one vCPU is billed for, in GB."""
    return max(_LEAST_GB, math.ceil(worker_mb(measured) / 1024))


def _fargate(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    hours, gb = vcpu_hours(measured, plan), fargate_gb(measured)
    if gb > _MOST_GB:
        reason = f"a worker needs {gb} GB, and a task of one vCPU has {_MOST_GB} GB at most"
        return Missing(FARGATE, reason)
    vcpu_hour, gb_hour = prices.fargate_hour(plan.arch)
    charges = (
        charge_gets(plan.objects, prices),
        Charge("Fargate vCPU-hours", hours * vcpu_hour),
        Charge("Fargate GB-hours", hours * gb * gb_hour),
    )
    return Way(FARGATE, (), charges)


def _machine(name: str, machine: Instance, hours: float, gets: Charge) -> Way:
    """Price machines whose price per hour includes their memory."""
    return Way(name, (), (gets, Charge("EC2 hours", hours / machine.vcpus * machine.usd)))


def balancer_usd(measured: Measured, plan: TrainingPlan, prices: Prices) -> float:
    """Return what a load balancer adds to an epoch by its bytes, in dollars.

    Its units count bytes, connections and rules, whichever is most. From a few kilobytes per result on,
    those are the bytes: 10^9 an hour.
    """
    return plan.objects * measured.bytes_out / 10**9 * prices.alb_lcu_hour.usd


def zones_usd(measured: Measured, plan: TrainingPlan, prices: Prices) -> float:
    """Return what results that cross zones add to an epoch, in dollars. Both ends pay."""
    return plan.objects * measured.bytes_out / 10**9 * 2 * prices.zone_gb.usd
