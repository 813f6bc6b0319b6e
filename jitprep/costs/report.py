"""Text of an estimate: rows of a table, when Lambda costs more, and assumptions."""

from __future__ import annotations

from jitprep.costs.breakeven import cheaper_from, cheapest_just_in_time, worthwhile_ms
from jitprep.costs.estimate import Estimate
from jitprep.costs.model import READS_AT_ONCE, Missing, Way
from jitprep.costs.prices import RATES


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
    return ("", "MB", "ms", "once", "per epoch", total, "a copy is cheaper from")


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
    """Return when reading through Lambda costs more than the instance's CPUs, and than stored copies."""
    return [*_against_gpu(estimate), *_against_copy(estimate)]


def _against_gpu(estimate: Estimate) -> list[str]:
    ms, plan = estimate.measured.ms, estimate.plan
    vcpus = estimate.prices.instances[plan.gpu].vcpus
    least = worthwhile_ms(estimate.measured, plan, estimate.prices)
    said = [
        f"The {vcpus} vCPUs of {plan.gpu} prepare an object every {_short(ms / vcpus)} ms. Where "
        "training on one takes longer, preparing there is free, and reading through Lambda costs more."
    ]
    trained = f"With {plan.train_ms:g} ms of training per object, the cheapest read costs"
    if least is None:
        return [
            *said,
            f"{trained} more than the instance's idle seconds, however slow the pipeline.",
        ]
    verdict = "more" if ms < least else "less"
    return [
        *said,
        f"{trained} {verdict} than the instance's idle seconds. It costs less from about "
        f"{_short(least)} ms of CPU per object, and this pipeline takes {_short(ms)} ms.",
    ]


def _against_copy(estimate: Estimate) -> list[str]:
    stored, read = estimate.stored, cheapest_just_in_time(estimate.open, estimate.epochs)
    if stored is None or read is None:
        return []
    epoch = cheaper_from(read, stored)
    copy = f"A stored copy, kept for {_count(estimate.plan.months, 'month')}, costs"
    said = [
        f"{copy} more than the cheapest read, {read.name}, for any number of epochs."
        if epoch is None
        else f"{copy} less than the cheapest read, {read.name}, from epoch {epoch:,}."
    ]
    if estimate.random:
        said.append("The pipeline is random: a stored copy repeats one draw in every epoch.")
    return said


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
            if way.objects > 1
        ),
        f"{plan.gpu} trains {plan.train_ms:g} ms per object (--train-ms); {waits}.",
        f"Prices are from {min(dates)} to {max(dates)}; {plan.gpu} costs ${instance.usd:g} per hour, as "
        f"of {instance.date}. Free tier, discounts and cold starts are not included. Transfer within "
        "the region is assumed to be free.",
    ]


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
