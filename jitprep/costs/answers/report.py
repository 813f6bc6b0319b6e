"""Tables of an estimate: each way's cost, and what it is paid for."""

from __future__ import annotations

from jitprep.costs.answers.breakeven import idle_share
from jitprep.costs.answers.wording import count_of, dollars, percent, three_digits
from jitprep.costs.estimate import Estimate
from jitprep.costs.ways.bill import KINDS, Way

_NONE = "–"


def title(estimate: Estimate) -> str:
    """Return a line that describes the estimate."""
    measured, plan = estimate.measured, estimate.plan
    trained = f"{plan.train_ms:g} ms of training on one GPU of {plan.gpu}"
    return (
        f"{plan.objects:,} objects × {count_of(plan.epochs, 'epoch')}: {estimate.pipeline}, "
        f"{measured.ms:.2f} ms of CPU, {measured.bytes_in / 1000:,.0f} kB in, "
        f"{measured.bytes_out / 1000:,.0f} kB out; {trained}; {estimate.region}, {plan.arch}"
    )


def header(estimate: Estimate) -> tuple[str, ...]:
    """Return the headings of `rows`."""
    total = count_of(estimate.plan.epochs, "epoch")
    return ("", "MB", "ms", "once", "per epoch", total, "host ms", "GPU idle")


def rows(estimate: Estimate) -> list[tuple[str, ...]]:
    """Return one row per possible way; the cheapest has a star."""
    made: list[tuple[str, ...]] = []
    for way in estimate.open:
        memory = _NONE if way.memory_mb is None else f"{way.memory_mb:,}"
        ms = _NONE if way.ms is None else f"{way.ms:,}"
        total = dollars(way.total(estimate.plan.epochs)) + ("*" if way == estimate.best else "")
        amounts = (dollars(way.fixed), dollars(way.slope), total)
        host = (three_digits(way.host_ms), _idle(way, estimate))
        made.append((way.name, memory, ms, *amounts, *host))
    return made


def paid_header(estimate: Estimate) -> tuple[str, ...]:
    """Return the headings of `paid_rows`: each kind of charge that some way has."""
    epochs = estimate.plan.epochs
    return (
        "",
        *(kind for kind in KINDS if any(way.by_kind(epochs)[kind] > 0 for way in estimate.open)),
    )


def paid_rows(estimate: Estimate) -> list[tuple[str, ...]]:
    """Return what each way is paid for over the planned epochs, one row per possible way."""
    _, *kinds = paid_header(estimate)
    made = []
    for way in estimate.open:
        paid = {str(kind): usd for kind, usd in way.by_kind(estimate.plan.epochs).items()}
        made.append((way.name, *(dollars(paid[kind]) if paid[kind] else _NONE for kind in kinds)))
    return made


def _idle(way: Way, estimate: Estimate) -> str:
    """Return how long GPUs wait: a share of the epoch, or hours per epoch where nothing is trained."""
    if estimate.plan.train_ms > 0 or way.idle_s == 0:
        return percent(idle_share(way, estimate)).replace("under ", "<").replace("over ", ">")
    return f"{three_digits(way.idle_s / 3600)} h"
