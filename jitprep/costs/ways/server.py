"""Samples that servers make: ``jitprep serve`` on Fargate and on EC2, and Lambda Managed Instances.

A machine is paid for by the hour, used or not. It waits for S3 at no cost, because it reads many objects
at once.
"""

from __future__ import annotations

import math

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Instance
from jitprep.costs.ways.bill import EC2, EC2_SPOT, FARGATE, MANAGED, Charge, Missing
from jitprep.costs.ways.case import GB, MS_PER_HOUR, Case
from jitprep.costs.ways.function import charge_batches, rows_of_a_batch
from jitprep.costs.ways.invocation import MARGIN_MB
from jitprep.costs.ways.remote import Remote

# Requests under way in a worker. Each may hold an object and a result.
_REQUESTS = 64
# A task of one vCPU has 2 to 8 GB, in whole ones:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
_LEAST_GB, _MOST_GB = 2, 8
# Lambda runs three instances at least:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html
MANAGED_INSTANCES = 3


def fargate(case: Case) -> Remote | Missing:
    """Return reads of a server on Fargate, in batches."""
    gb = fargate_gb(case.measured)
    if gb > _MOST_GB:
        reason = f"a worker needs {gb} GB, and a task of one vCPU has {_MOST_GB} GB at most"
        return Missing(FARGATE, reason)
    vcpu_hour, gb_hour = case.prices.fargate_hour(case.plan.arch)
    return _server(FARGATE, case, vcpu_hour + gb * gb_hour)


def ec2(case: Case) -> Remote | Missing:
    """Return reads of a server on EC2, whose price per hour includes its memory."""
    return _server(EC2, case, vcpu_usd(case.prices.instances[case.plan.server]))


def ec2_spot(case: Case) -> Remote | Missing:
    """Return reads of a server on spot machines."""
    if case.plan.server not in case.prices.spot:
        return no_spot(EC2_SPOT, case)
    return _server(EC2_SPOT, case, vcpu_usd(case.prices.spot[case.plan.server]))


def managed_instances(case: Case) -> Remote | Missing:
    """Return batched invocations of a function on Lambda Managed Instances."""
    measured, plan, prices, own = case.measured, case.plan, case.prices, case.overheads.invoke
    rows = rows_of_a_batch(case, MANAGED)
    if isinstance(rows, Missing):
        return rows
    machine = prices.instances[plan.server]
    each_ms = measured.ms + own.cpu_ms(measured.bytes_out)
    usd = machine.usd * (1 + prices.managed_share.usd)

    def charges(samples: float, hours: float) -> tuple[Charge, ...]:
        used = samples * each_ms / MS_PER_HOUR / plan.utilisation / machine.vcpus
        calls = math.ceil(samples / rows)
        return (
            *charge_batches(case, samples, hours, calls),
            Charge("compute", "instance hours", max(used, MANAGED_INSTANCES * hours) * usd),
            Charge("requests", "Lambda requests", calls * prices.managed_request.usd),
        )

    return Remote(
        name=MANAGED,
        receive_ms=own.receiving_ms(measured.bytes_out),
        charges=charges,
        once=(case.listing(plan.objects),),
        objects=rows,
    )


def _server(name: str, case: Case, vcpu_hour: float) -> Remote:
    """Return reads of a server whose vCPU costs so much per hour."""
    measured, own = case.measured, case.overheads.server
    each_ms = measured.ms + own.cpu_ms(measured.bytes_out)

    def charges(samples: float, hours: float) -> tuple[Charge, ...]:
        return (
            *case.gets(samples * measured.gets),
            *charge_server(case, samples, hours, each_ms, vcpu_hour),
        )

    return Remote(
        name=name,
        receive_ms=own.receiving_ms(measured.bytes_out),
        charges=charges,
        once=(case.listing(case.plan.objects),),
    )


def charge_server(
    case: Case, samples: float, hours: float, each_ms: float, vcpu_hour: float
) -> tuple[Charge, ...]:
    """Return the charges of a server beside S3's: its vCPUs, and the network to it."""
    plan, nbytes = case.plan, samples * case.measured.bytes_out
    return (
        Charge("compute", "vCPU hours", vcpu_hours(case, samples, each_ms) * vcpu_hour),
        *((balancer(case, nbytes, hours),) if plan.load_balancer else ()),
        *((zones(case, nbytes),) if plan.across_zones else ()),
    )


def vcpu_hours(case: Case, samples: float, each_ms: float) -> float:
    """Return the hours of a server's vCPUs for a number of samples, unused ones included."""
    return samples * each_ms / MS_PER_HOUR / case.plan.utilisation


def vcpu_usd(machine: Instance) -> float:
    """Return what a vCPU of a machine costs per hour."""
    return machine.usd / machine.vcpus


def cheapest_vcpu_usd(case: Case) -> float:
    """Return what a vCPU of the plan's machine costs per hour: on spot, if there is such a price."""
    table = case.prices.spot if case.plan.server in case.prices.spot else case.prices.instances
    return vcpu_usd(table[case.plan.server])


def no_spot(name: str, case: Case) -> Missing:
    """Return `Missing` for a way whose machine has no spot price."""
    return Missing(name, f"the price file has no spot price for {case.plan.server}")


def balancer(case: Case, nbytes: float, hours: float) -> Charge:
    """Return the charge of an Application Load Balancer in front of servers.

    Its units count bytes, connections and rules, whichever is most. From a few kilobytes per result on,
    those are the bytes: 10^9 an hour.
    """
    prices = case.prices
    usd = nbytes / GB * prices.alb_lcu_hour.usd + hours * prices.alb_hour.usd
    return Charge("network", "load balancer", usd)


def zones(case: Case, nbytes: float) -> Charge:
    """Return the charge of results that cross zones. Both ends pay."""
    return Charge("network", "transfer between zones", nbytes / GB * 2 * case.prices.zone_gb.usd)


def worker_mb(measured: Measured) -> float:
    """Return the memory in MiB of a worker, which has one vCPU and transforms one object at a time."""
    held = _REQUESTS * (measured.bytes_in + measured.bytes_out) / 2**20
    return measured.base_mb + measured.working_mb + MARGIN_MB + held


def fargate_gb(measured: Measured) -> int:
    """Return the memory that a task of one vCPU is billed for, in GB."""
    return max(_LEAST_GB, math.ceil(worker_mb(measured) / 1024))
