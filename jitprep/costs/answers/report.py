"""Text of an estimate: rows of a table, when remote preparation costs more, and assumptions."""

from __future__ import annotations

from collections.abc import Collection

from jitprep.costs.answers.breakeven import cheaper_from, cheapest_just_in_time, worthwhile_ms
from jitprep.costs.estimate import Estimate
from jitprep.costs.inputs.prices import RATES
from jitprep.costs.ways.bill import (
    EC2,
    FARGATE,
    GPU,
    INVOKE,
    LAMBDA_WAYS,
    SERVER_WAYS,
    SHARD_WAYS,
    Missing,
    Way,
)
from jitprep.costs.ways.invocation import READ_LIMIT_MS
from jitprep.costs.ways.model import READS_AT_ONCE
from jitprep.costs.ways.server import (
    SERVER_OVERHEAD_MS,
    balancer_usd,
    fargate_gb,
    worker_mb,
    zones_usd,
)
from jitprep.costs.ways.shards import (
    FUNCTION_SAMPLE_MS,
    SERVER_SAMPLE_MS,
    SHARD_LIMIT_MS,
    samples_per_shard,
)
from jitprep.costs.ways.store import with_store


def title(estimate: Estimate) -> str:
    """Return a line that describes the estimate."""
    measured, plan = estimate.measured, estimate.plan
    return (
        f"{plan.objects:,} objects × {_count(estimate.epochs, 'epoch')}: {estimate.pipeline}, "
        f"{measured.ms:.2f} ms of CPU, {measured.bytes_in / 1000:,.0f} kB in, "
        f"{measured.bytes_out / 1000:,.0f} kB out; {estimate.region}, {plan.arch}"
    )


def header(estimate: Estimate) -> tuple[str, ...]:
    """Return the headings of `rows`."""
    total = _count(estimate.epochs, "epoch")
    return ("", "MB", "ms", "once", "per epoch", total, "copies win")


def rows(estimate: Estimate) -> list[tuple[str, ...]]:
    """Return one row per possible way; the cheapest has a star."""
    cheapest = min(estimate.open, key=lambda way: way.total(estimate.epochs))
    made: list[tuple[str, ...]] = []
    for way in estimate.open:
        call = ("–", "–") if way.memory_mb is None else (f"{way.memory_mb:,}", f"{way.ms:,}")
        total = dollars(way.total(estimate.epochs)) + (" *" if way == cheapest else "")
        amounts = (dollars(way.fixed), dollars(way.slope), total)
        made.append((way.name, *call, *amounts, _overtaken(estimate, way)))
    return made


def dollars(usd: float) -> str:
    """Return an amount to the cent."""
    return f"${usd:,.2f}"


def losses(estimate: Estimate) -> list[str]:
    """Return when preparing remotely costs more than the instance's CPUs, and than stored copies."""
    ms, plan = estimate.measured.ms, estimate.plan
    vcpus = estimate.prices.instances[plan.gpu].vcpus
    return [
        f"The {vcpus} vCPUs of {plan.gpu} prepare an object every {_short(ms / vcpus)} ms. Where "
        "training on one takes longer, preparing there is free, and preparing remotely costs more.",
        _against_gpu(estimate, "through Lambda", LAMBDA_WAYS),
        f"{_against_gpu(estimate, 'through a server', SERVER_WAYS)} The host's CPU time to receive "
        "a result is not counted.",
        _from_shards(estimate),
        *_against_copy(estimate),
    ]


def _against_gpu(estimate: Estimate, how: str, names: Collection[str]) -> str:
    ms, plan = estimate.measured.ms, estimate.plan
    least = worthwhile_ms(estimate.measured, plan, estimate.prices, names)
    trained = (
        f"With {plan.train_ms:g} ms of training per object, the cheapest read of single objects "
        f"{how} costs"
    )
    if least is None:
        return f"{trained} more than the instance's idle seconds, however slow the pipeline."
    verdict = "more" if ms < least else "less"
    return (
        f"{trained} {verdict} than the instance's idle seconds. It costs less from about "
        f"{_short(least)} ms of CPU per object, and this pipeline takes {_short(ms)} ms."
    )


def _from_shards(estimate: Estimate) -> str:
    costs = ", ".join(
        f"{dollars(way.slope)} ({way.name.removeprefix('shards, ')})"
        for way in estimate.open
        if way.name in SHARD_WAYS
    )
    return f"Where the originals are in shards, an epoch costs {costs}."


def _against_copy(estimate: Estimate) -> list[str]:
    stored, read = estimate.stored, cheapest_just_in_time(estimate.open, estimate.epochs)
    if stored is None or read is None:
        return []
    epoch = cheaper_from(read, stored)
    copy = f"A stored copy of each object, kept for {_count(estimate.plan.months, 'month')}, costs"
    cheapest = f"the cheapest read of single objects, {read.name},"
    said = [
        f"{copy} more than {cheapest} for any number of epochs."
        if epoch is None
        else f"{copy} less than {cheapest} from epoch {epoch:,}."
    ]
    if estimate.random:
        said.append("The pipeline is random: a stored copy repeats one draw in every epoch.")
        return said
    (host,) = (way for way in estimate.open if way.name == GPU)
    said.append(_with_store(estimate, read, "JITPREP_STORE in S3", in_s3=True))
    said.append(_with_store(estimate, host, "store= on its own disk", in_s3=False))
    return said


def _with_store(estimate: Estimate, way: Way, store: str, *, in_s3: bool) -> str:
    kept = with_store(way, estimate.measured, estimate.plan, estimate.prices, in_s3=in_s3)
    epoch = cheaper_from(way, kept)
    costs = f"With {store}, the {way.name} costs"
    if epoch is None:
        return f"{costs} more than without, for any number of epochs."
    return f"{costs} less than without from epoch {epoch:,}."


def notes(estimate: Estimate) -> list[str]:
    """Return the assumptions, and the ways that are not possible."""
    measured, plan = estimate.measured, estimate.plan
    speed = "as fast" if plan.speed == 1 else f"{plan.speed:g} times as fast"
    dates = [getattr(estimate.prices, name).date for name in RATES]
    instance = estimate.prices.instances[plan.gpu]
    missing = (way for way in estimate.all if isinstance(way, Missing))
    waits = (
        "it waits for all preparation" if plan.train_ms == 0 else "it waits for longer preparation"
    )
    return [
        *(f"{way.name} is left out: {way.reason}." for way in missing),
        f"{_count(measured.samples, 'sample')} measured on {estimate.date}, on one thread of "
        f"{estimate.machine}. Lambda's {plan.arch} is assumed to be {speed} (--speed).",
        f"A request takes {plan.overhead_ms:g} ms of CPU in addition to the transform (--overhead-ms). "
        f"The function waits {plan.s3_ms:g} ms for each request to S3 (--s3-ms): one with a Function "
        f"URL, two with Object Lambda, three in a backfill.",
        *(
            f"A {way.name} prepares {way.objects:,} objects, and reads {READS_AT_ONCE} at a time."
            for way in estimate.open
            if way.name == INVOKE
        ),
        *_server_notes(estimate),
        _shard_note(estimate),
        f"{plan.gpu} trains {plan.train_ms:g} ms per object (--train-ms); {waits}.",
        f"Prices are from {min(dates)} to {max(dates)}; {plan.gpu} costs ${instance.usd:g} per hour, as "
        f"of {instance.date}. Free tier, discounts and cold starts are not included. Transfer "
        "between S3, Lambda and instances of the region is assumed to be free.",
    ]


def _server_notes(estimate: Estimate) -> list[str]:
    measured, plan, prices = estimate.measured, estimate.plan, estimate.prices
    machine, spot = prices.instances[plan.server], prices.spot.get(plan.server)
    on_spot = f", and on spot ${spot.usd:g}, as of {spot.date}" if spot else ""
    on_fargate = any(way.name == FARGATE for way in estimate.open)
    billed = f"; Fargate bills {fargate_gb(measured)} GB for it" if on_fargate else ""
    return [
        f"A server uses {100 * plan.utilisation:g}% of the CPU time that it is paid for "
        "(--utilisation). A vCPU is assumed to be as fast as this machine's thread. A request takes "
        f"{SERVER_OVERHEAD_MS:g} ms of CPU in addition to the transform, and waiting for S3 is free.",
        f"An {EC2} is a {plan.server} (--server): ${machine.usd:g} per hour, as of {machine.date}"
        f"{on_spot}, memory included. A worker, one per vCPU, needs about "
        f"{worker_mb(measured):,.0f} MB{billed}. AWS may stop "
        "spot machines, with two minutes' notice.",
        "Servers are assumed to be in the trainer's zone, with no load balancer. Across zones, results "
        f"cost {dollars(zones_usd(measured, plan, prices))} more per epoch. Behind an Application Load "
        f"Balancer, they cost {dollars(balancer_usd(measured, plan, prices))} more per epoch, and "
        f"${prices.alb_hour.usd:g} per hour.",
    ]


def _shard_note(estimate: Estimate) -> str:
    limit, planned = READ_LIMIT_MS / 1000, SHARD_LIMIT_MS / 1000
    return (
        f"A shard has {_count(samples_per_shard(estimate.plan), 'sample')} (--shard), and is read by "
        f"one request. A sample takes {FUNCTION_SAMPLE_MS:g} ms of CPU in addition to its transform "
        f"through Object Lambda, and {SERVER_SAMPLE_MS:g} ms through a server. Object Lambda gives a "
        f"shard {limit:g} s. The function has memory enough to make it in {planned:g} s, and the rest "
        "is left for a client that pauses."
    )


def _overtaken(estimate: Estimate, way: Way) -> str:
    if estimate.stored is None or way == estimate.stored:
        return "–"
    epoch = cheaper_from(way, estimate.stored)
    return "never" if epoch is None else f"epoch {epoch:,}"


def _count(number: float, what: str) -> str:
    shown = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{shown} {what}{'' if number == 1 else 's'}"


def _short(ms: float) -> str:
    """Return milliseconds with three significant digits."""
    return f"{float(f'{ms:.3g}'):,}"
