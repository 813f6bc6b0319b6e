"""What an estimate assumes and leaves out, with the options that change it, and in dollars."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any

from jitprep.costs.answers.wording import count_of, dollars, gigabytes, three_digits
from jitprep.costs.estimate import Estimate
from jitprep.costs.inputs.prices import RATES
from jitprep.costs.ways.bill import (
    COPIES,
    EC2,
    EC2_SPOT,
    FARGATE,
    FUNCTION_URL,
    HOST,
    HOST_DISK,
    INVOKE,
    MANAGED,
    NAMES,
    OBJECT_LAMBDA,
    SHARDS_OBJECT_LAMBDA,
    SHARDS_SERVER,
    SHARDS_STREAMED_URL,
    STREAMED_URL,
    Missing,
)
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.copies import batch_operations
from jitprep.costs.ways.server import MANAGED_INSTANCES, fargate_gb, worker_mb

# Options that add charges, and the ways by which their dollars are shown: the first that are possible.
_ADDED: dict[str, tuple[str, ...]] = {
    "private_subnet": (FUNCTION_URL, STREAMED_URL, INVOKE, SHARDS_STREAMED_URL),
    "load_balancer": (EC2, SHARDS_SERVER),
    "across_zones": (EC2, SHARDS_SERVER),
    "kms": (HOST, EC2, COPIES),
}

_SUBNET = (
    "In a private subnet, reads of Function URLs and Object Lambda pass a NAT gateway, and cannot be "
    "made without one; invocations pass an interface endpoint of Lambda. S3 has a gateway endpoint, "
    "which is free."
)


def notes(estimate: Estimate) -> list[str]:
    """Return the assumptions, what other options would add, and the ways that are left out."""
    return [
        *_left_out(estimate),
        _speed(estimate),
        _overheads(estimate),
        *_functions(estimate),
        *_servers(estimate),
        *_shards(estimate),
        *_copies(estimate),
        *_options(estimate),
        _events(estimate),
        _prices(estimate),
    ]


def _left_out(estimate: Estimate) -> list[str]:
    missing = [way for way in estimate.all if isinstance(way, Missing)]
    lines = []
    for reason, same in groupby(sorted(missing, key=_by_reason), key=lambda way: way.reason):
        names = [way.name for way in same]
        verb = "is" if len(names) == 1 else "are"
        lines.append(f"{'; '.join(names)} {verb} left out: {reason}.")
    return lines


def _by_reason(way: Missing) -> tuple[str, int]:
    return way.reason, NAMES.index(way.name)


def _speed(estimate: Estimate) -> str:
    plan = estimate.plan
    speed = "as fast" if plan.speed == 1 else f"{plan.speed:g} times as fast"
    return (
        f"{count_of(estimate.measured.samples, 'sample')} measured on {estimate.date}, on one thread of "
        f"{estimate.machine}. Lambda's {plan.arch} is assumed to be {speed} (--speed), and vCPUs of "
        "instances and servers as fast."
    )


def _overheads(estimate: Estimate) -> str:
    own = estimate.overheads
    return (
        f"What a read takes beside its transform was measured on {own.date}, on {own.machine}, without "
        "TLS and not on AWS."
    )


def _functions(estimate: Estimate) -> list[str]:
    plan, gets = estimate.plan, estimate.measured.gets
    reads = f"{three_digits(gets)} requests, one after another," if gets > 1 else "one request"
    lines = [
        f"A function waits {plan.s3_ms:g} ms for each request to S3 (--s3-ms), and sends {reads} per "
        "object; through an access point, it sends one more to answer."
    ]
    batch = estimate.way(INVOKE)
    if batch is not None:
        lines.append(f"A {INVOKE} answers {count_of(batch.objects, 'object')}, each read whole.")
    if estimate.way(OBJECT_LAMBDA) or estimate.way(SHARDS_OBJECT_LAMBDA):
        lines.append(f"AWS closed {OBJECT_LAMBDA} to new customers on 7 November 2025.")
    return lines


def _servers(estimate: Estimate) -> list[str]:
    measured, plan, prices = estimate.measured, estimate.plan, estimate.prices
    machine, spot = prices.instances[plan.server], prices.spot.get(plan.server)
    on_spot = f", and on spot ${spot.usd:g}, as of {spot.date}" if spot else ""
    billed = f"; Fargate bills {fargate_gb(measured)} GB for it" if estimate.way(FARGATE) else ""
    lines = [
        f"Servers use {100 * plan.utilisation:g}% of the CPU time that they are paid for "
        f"(--utilisation). On EC2 they are {plan.server} (--server): ${machine.usd:g} per hour, as of "
        f"{machine.date}{on_spot}, memory included. A worker, one per vCPU, needs about "
        f"{worker_mb(measured):,.0f} MB{billed}."
    ]
    if estimate.way(EC2_SPOT) or estimate.way(SHARDS_SERVER):
        lines.append("AWS may stop spot machines, with two minutes' notice.")
    if estimate.way(MANAGED):
        lines.append(
            f"{MANAGED} run on {plan.server}, at least {MANAGED_INSTANCES} of them while an epoch "
            "lasts."
        )
    return lines


def _shards(estimate: Estimate) -> list[str]:
    case = _case(estimate)
    samples = count_of(case.shard_samples, "object")
    read = "and is read by one GET; `aws s3 cp` sends one for each 8 MiB"
    if estimate.plan.packed:
        return [f"A shard has {samples} (--shard), {read}."]
    return [
        f"A shard has {samples} (--shard), {read}. Rows of shards include packing the originals once, "
        f"and storing the shards for {count_of(estimate.plan.months, 'month')}. Where the originals "
        "are in shards already, pass --packed."
    ]


def _copies(estimate: Estimate) -> list[str]:
    lines = []
    n, measured = estimate.plan.objects, estimate.measured
    if estimate.way(HOST_DISK):
        lines.append(
            f"Originals take {gigabytes(n * measured.bytes_in)}, and results "
            f"{gigabytes(n * measured.bytes_out)}. `aws s3 sync` copies originals to the local disk. A "
            'reader of "file:FOLDER" with store="file:COPIES" keeps results there too, from the first '
            "epoch on. The disk (--disk-gb) is taken to be part of the instance, and loses all when it "
            "stops. From a bucket, store= also sends a HEAD for each read: "
            f"{dollars(n * estimate.prices.s3_get.usd)} per epoch."
        )
    stored = estimate.way(COPIES)
    if stored is None:
        return lines
    lines.append(
        "Copies are made by `jitprep backfill` on the plan's server, and stored for "
        f"{count_of(estimate.plan.months, 'month')} (--months)."
    )
    job = batch_operations(_case(estimate))
    if job is not None:
        usd = sum(charge.usd for charge in job)
        lines.append(
            f"To make copies as objects by S3 Batch Operations in place of that costs {dollars(usd)}."
        )
    return lines


def _options(estimate: Estimate) -> list[str]:
    """Return what options that were not given would add, over the planned epochs."""
    lines = []
    for name, shown in _ADDED.items():
        option = f"--{name.replace('_', '-')}"
        if getattr(estimate.plan, name):
            lines += [_SUBNET] if name == "private_subnet" else []
            continue
        other = _with(estimate, **{name: True})
        added = []
        for way in shown:
            now, then = estimate.way(way), other.way(way)
            if now is not None and then is not None:
                usd = then.total(estimate.plan.epochs) - now.total(estimate.plan.epochs)
                added.append(f"{dollars(usd)} to {way}")
        if added:
            lines.append(f"{option} would add, for example, {', '.join(added)}.")
    return lines


def _events(estimate: Estimate) -> str:
    plan, prices = estimate.plan, estimate.prices
    reads = plan.objects * plan.epochs
    return (
        "Not included: CloudTrail's data events, "
        f"{dollars(reads * prices.cloudtrail_event.usd)} if each read of an object is logged; HEADs of "
        f"clients that send one before each GET, {dollars(reads * prices.s3_get.usd)}; free tier, "
        "discounts, cold starts and failed reads."
    )


def _prices(estimate: Estimate) -> str:
    prices, instance = estimate.prices, estimate.prices.instances[estimate.plan.gpu]
    dates = [getattr(prices, name).date for name in RATES]
    return (
        f"Prices are from {min(dates)} to {max(dates)}; {estimate.plan.gpu} costs ${instance.usd:g} per "
        f"hour, as of {instance.date}. Some were read from third parties' copies of AWS's list, as the "
        "price file says. Transfer between S3, Lambda and instances of the region is assumed to be free."
    )


def _case(estimate: Estimate) -> Case:
    return Case(estimate.measured, estimate.plan, estimate.prices, estimate.overheads)


def _with(estimate: Estimate, **changes: Any) -> Estimate:
    return replace(estimate, plan=replace(estimate.plan, **changes))
