"""Cost of reads through ``jitprep serve``, on Fargate and on EC2.

A server is paid for by the hour, used or not. It waits for S3 at no cost, because it reads many objects
at once, and it returns results of any size.
"""

from __future__ import annotations

import math

from jitprep.costs.bill import (
    EC2,
    EC2_SPOT,
    FARGATE,
    Charge,
    Missing,
    TrainingPlan,
    Way,
    charge_gets,
)
from jitprep.costs.invocation import MARGIN_MB
from jitprep.costs.measure import Measured
from jitprep.costs.prices import Instance, Prices

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
    return (
        _fargate(measured, plan, prices),
        _machine(EC2, prices.instances[plan.server], measured, plan, prices),
        _spot(measured, plan, prices),
    )


def vcpu_hours(measured: Measured, plan: TrainingPlan) -> float:
    """Return the hours of vCPUs that an epoch takes, idle ones included."""
    ms = plan.objects * (measured.ms + SERVER_OVERHEAD_MS)
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


def _spot(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    if plan.server not in prices.spot:
        return Missing(EC2_SPOT, f"the price file has no spot price for {plan.server}")
    return _machine(EC2_SPOT, prices.spot[plan.server], measured, plan, prices)


def _machine(
    name: str, machine: Instance, measured: Measured, plan: TrainingPlan, prices: Prices
) -> Way:
    """Price machines whose price per hour includes their memory."""
    usd = vcpu_hours(measured, plan) / machine.vcpus * machine.usd
    return Way(name, (), (charge_gets(plan.objects, prices), Charge("EC2 hours", usd)))


def balancer_usd(measured: Measured, plan: TrainingPlan, prices: Prices) -> float:
    """Return what a load balancer adds to an epoch by its bytes, in dollars.

    Its units count bytes, connections and rules, whichever is most. From a few kilobytes per result on,
    those are the bytes: 10^9 an hour.
    """
    return plan.objects * measured.bytes_out / 10**9 * prices.alb_lcu_hour.usd


def zones_usd(measured: Measured, plan: TrainingPlan, prices: Prices) -> float:
    """Return what results that cross zones add to an epoch, in dollars. Both ends pay."""
    return plan.objects * measured.bytes_out / 10**9 * 2 * prices.zone_gb.usd
