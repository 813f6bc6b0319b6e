"""Samples of shards: archives of many originals, each read by few requests.

In Lambda a shard is one invocation. A sample takes its transform and a little CPU of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import partial

from jitprep.costs.inputs.overheads import Overhead
from jitprep.costs.ways.bill import (
    SHARDS_HOST,
    SHARDS_OBJECT_LAMBDA,
    SHARDS_SERVER,
    SHARDS_STREAMED_URL,
    Charge,
    Missing,
    Way,
)
from jitprep.costs.ways.case import GB, Case
from jitprep.costs.ways.function import streaming_ms
from jitprep.costs.ways.invocation import (
    LIMIT_MS,
    PLATFORM_LOG_BYTES,
    READ_LIMIT_MS,
    BilledInvocation,
    charge_calls,
    function_mb,
    no_size,
    sizes,
)
from jitprep.costs.ways.remote import Remote
from jitprep.costs.ways.server import (
    charge_server,
    cheapest_vcpu_usd,
    no_spot,
    vcpu_hours,
    vcpu_usd,
)
from jitprep.service.lambda_limits import STREAMED_BYTES

# S3 Object Lambda's limit includes the time in which the client pauses. Half of it is left for that.
SHARD_LIMIT_MS = READ_LIMIT_MS // 2

# An invocation for a shard of so many samples; and charges of so many samples.
_Sized = Callable[[int], BilledInvocation]
_More = Callable[[float], tuple[Charge, ...]]


def shards_on_host(case: Case) -> Way:
    """Return the bill of a host that reads shards of originals, and transforms their samples."""
    host_ms = case.own_shard_ms
    return Way(
        name=SHARDS_HOST,
        once=packing(case),
        each_epoch=(*case.gets(case.shards), case.idle(host_ms)),
        host_ms=host_ms,
        idle_s=case.idle_s(host_ms),
        remote=0.0,
        objects=case.shard_samples,
    )


def shards_by_object_lambda(case: Case) -> Remote | Missing:
    """Return shards through an access point."""
    usd, nbytes = case.prices.object_lambda_gb.usd, case.measured.bytes_out

    def returned(samples: float) -> tuple[Charge, ...]:
        return (Charge("returned", "data returned", samples * nbytes / GB * usd),)

    own = case.overheads.shard_object_lambda
    shard = partial(_one_shard, case, own, requests=2, limit_ms=SHARD_LIMIT_MS, streamed=False)
    return _by_lambda(SHARDS_OBJECT_LAMBDA, shard, own, case, returned)


def shards_by_streamed_url(case: Case) -> Remote | Missing:
    """Return shards by a Function URL that streams up to 200 MB."""
    own = case.overheads.shard_streamed_url
    if (reason := no_stream(case)) is not None:
        return Missing(SHARDS_STREAMED_URL, reason)
    shard = partial(_one_shard, case, own, requests=1, limit_ms=LIMIT_MS, streamed=True)
    return _by_lambda(SHARDS_STREAMED_URL, shard, own, case, lambda _: ())


def no_stream(case: Case) -> str | None:
    """Return why a shard's results cannot be streamed, or None where they can."""
    nbytes = case.measured.bytes_out
    if case.shard_samples * nbytes <= STREAMED_BYTES:
        return None
    reason = f"a shard's results exceed the {STREAMED_BYTES:,} bytes of a stream"
    return _with_remedy(reason, int(STREAMED_BYTES // nbytes))


def shards_by_server(case: Case) -> Remote | Missing:
    """Return shards through a server on spot machines."""
    measured, plan, own = case.measured, case.plan, case.overheads.shard_server
    if plan.server not in case.prices.spot:
        return no_spot(SHARDS_SERVER, case)
    each_ms = measured.ms + own.cpu_ms(measured.bytes_out)
    vcpu_hour = vcpu_usd(case.prices.spot[plan.server])

    def charges(samples: float, hours: float) -> tuple[Charge, ...]:
        return (
            *case.gets(samples / case.shard_samples),
            *charge_server(case, samples, hours, each_ms, vcpu_hour),
        )

    return Remote(
        name=SHARDS_SERVER,
        receive_ms=own.receiving_ms(measured.bytes_out),
        charges=charges,
        once=packing(case),
        objects=case.shard_samples,
    )


def packing(case: Case) -> tuple[Charge, ...]:
    """Return what it costs to pack single originals into shards once, and to store these."""
    plan, measured = case.plan, case.measured
    if plan.packed:
        return (case.listing(case.shards),)
    nbytes = plan.objects * measured.bytes_in
    each_ms = case.overheads.original.receiving_ms(measured.bytes_in)
    hours = vcpu_hours(case, plan.objects, each_ms)
    return (
        case.listing(plan.objects),
        *case.gets(plan.objects),
        Charge("compute", "vCPU hours to pack", hours * cheapest_vcpu_usd(case)),
        *case.puts(case.parts(nbytes, case.shards) + 2 * case.shards),
        case.stored(nbytes, case.prices.s3_gb_month.usd),
    )


def _by_lambda(
    name: str, shard: _Sized, own: Overhead, case: Case, more: _More
) -> Remote | Missing:
    measured, plan, size = case.measured, case.plan, case.shard_samples
    call = shard(size)
    memory = call.cheapest(sizes(plan))
    if memory is None:
        largest = max(sizes(plan))
        most = bisect_left(range(1, size), True, key=lambda n: not shard(n).fits(largest))
        return Missing(name, _with_remedy(no_size(call), most))

    def charges(samples: float, hours: float) -> tuple[Charge, ...]:
        return (
            *case.gets(samples / size),
            *charge_calls(samples / size, call, memory, plan, case.prices),
            case.logs(samples * own.log_bytes + samples / size * PLATFORM_LOG_BYTES),
            *more(samples),
            *case.nat(samples * measured.bytes_out, hours),
        )

    return Remote(
        name=name,
        receive_ms=own.receiving_ms(measured.bytes_out),
        charges=charges,
        once=packing(case),
        memory_mb=memory,
        ms=call.ms(memory),
        objects=size,
    )


def _one_shard(
    case: Case, own: Overhead, size: int, *, requests: int, limit_ms: int, streamed: bool
) -> BilledInvocation:
    """Return an invocation for one shard, whose samples follow each other on one thread."""
    measured, plan = case.measured, case.plan
    return BilledInvocation(
        cpu_ms=size * (measured.ms + own.cpu_ms(measured.bytes_out)) / plan.speed,
        wait_ms=requests * plan.s3_ms,
        least_ms=streaming_ms(size * measured.bytes_out) if streamed else 0.0,
        threads=1,
        memory_mb=function_mb(measured),
        limit_ms=limit_ms,
    )


def _with_remedy(reason: str, most: int) -> str:
    return f"{reason}; pass --shard {most} or less" if most else reason
