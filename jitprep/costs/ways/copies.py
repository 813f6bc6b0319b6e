"""Results that are stored once, and read in every epoch.

``jitprep backfill`` makes them on the plan's machine. Results of random steps are not stored: a copy
would repeat one draw in every epoch.
"""

from __future__ import annotations

from jitprep.costs.inputs.overheads import Overhead
from jitprep.costs.ways.bill import (
    COPIES,
    COPIES_DISK,
    COPIES_EXPRESS,
    COPIES_SHARDS,
    Charge,
    Missing,
    Way,
)
from jitprep.costs.ways.case import GIB, Case
from jitprep.costs.ways.invocation import (
    LIMIT_MS,
    BilledInvocation,
    charge_calls,
    function_mb,
    sizes,
)
from jitprep.costs.ways.server import cheapest_vcpu_usd, vcpu_hours


def copies(case: Case) -> tuple[Way | Missing, ...]:
    """Return the bills of stored results, by where they are stored."""
    made = (_objects(case), _in_shards(case), _in_express(case), _on_disk(case))
    if not case.plan.random:
        return made
    return tuple(
        Missing(way.name, "the pipeline is random, and a copy repeats one draw in every epoch")
        for way in made
    )


def _objects(case: Case) -> Way:
    n, nbytes = case.plan.objects, _nbytes(case)
    once = (
        *_backfill(case),
        *case.puts(n),
        case.stored(nbytes, case.prices.s3_gb_month.usd),
    )
    return _read(COPIES, case, once, case.gets(n), case.overheads.copy)


def _in_shards(case: Case) -> Way:
    nbytes = _nbytes(case)
    parts = case.parts(nbytes, case.shards)
    once = (
        *_backfill(case),
        *case.puts(parts + 2 * case.shards),  # two requests more begin and end an upload in parts
        case.stored(nbytes, case.prices.s3_gb_month.usd),
    )
    reads = case.gets(case.shards)
    return _read(COPIES_SHARDS, case, once, reads, case.overheads.shard_copy, case.shard_samples)


def _in_express(case: Case) -> Way:
    prices, n, nbytes = case.prices, case.plan.objects, _nbytes(case)
    once = (
        *_backfill(case),
        Charge("requests", "Express PUT", n * prices.express_put.usd),
        Charge("requests", "Express bytes written", nbytes / GIB * prices.express_write_gb.usd),
        case.stored(nbytes, prices.express_gb_month.usd),
    )
    reads = (
        Charge("requests", "Express GET", n * prices.express_get.usd),
        Charge("requests", "Express bytes read", nbytes / GIB * prices.express_read_gb.usd),
    )
    return _read(COPIES_EXPRESS, case, once, reads, case.overheads.copy)


def _on_disk(case: Case) -> Way | Missing:
    """Return the bill of a host that keeps originals and results on a disk that is paid for."""
    nbytes = case.plan.objects * case.measured.bytes_in + _nbytes(case)
    if (reason := case.crowded(nbytes)) is not None:
        return Missing(COPIES_DISK, reason)
    own = case.overheads.disk_copy
    first, later = case.idle(case.stored_ms), case.idle(own.receiving_ms(case.measured.bytes_out))
    once = (
        *case.downloads(),
        Charge("idle", "waiting GPUs, more in the first epoch", first.usd - later.usd),
    )
    return _read(COPIES_DISK, case, once, (), own)


def _read(
    name: str,
    case: Case,
    once: tuple[Charge, ...],
    reads: tuple[Charge, ...],
    own: Overhead,
    objects: int = 1,
) -> Way:
    host_ms = own.receiving_ms(case.measured.bytes_out)
    return Way(
        name=name,
        once=once,
        each_epoch=(*reads, case.idle(host_ms)),
        host_ms=host_ms,
        idle_s=case.idle_s(host_ms),
        remote=0.0,
        objects=objects,
    )


def _nbytes(case: Case) -> float:
    return case.plan.objects * case.measured.bytes_out


def _backfill(case: Case) -> tuple[Charge, ...]:
    """Return what it costs to list, read and transform each original once."""
    hours = vcpu_hours(case, case.plan.objects, case.stored_ms)
    return (
        case.listing(case.stored_objects),
        *case.gets(case.stored_gets),
        Charge("compute", "vCPU hours of the backfill", hours * cheapest_vcpu_usd(case)),
    )


def batch_operations(case: Case) -> tuple[Charge, ...] | None:
    """Return the charges of S3 Batch Operations for copies as objects, without storage; or None.

    The function makes a HEAD for a copy, a GET and a PUT for each object, and listing is left to S3.
    """
    measured, plan, prices = case.measured, case.plan, case.prices
    own = case.overheads.invoke
    call = BilledInvocation(
        cpu_ms=(measured.ms + own.cpu_ms(measured.bytes_out)) / plan.speed,
        wait_ms=(measured.gets + 2) * plan.s3_ms,
        threads=1,
        memory_mb=function_mb(measured),
        limit_ms=LIMIT_MS,
    )
    memory = call.cheapest(sizes(plan))
    if memory is None:
        return None
    n = plan.objects
    return (
        Charge("requests", "job", prices.batch_job.usd + n * prices.batch_object.usd),
        *charge_calls(n, call, memory, plan, prices),
        case.logs(n * case.overheads.function_url.log_bytes),
        *case.gets(n * (measured.gets + 1)),
        *case.puts(n),
    )
