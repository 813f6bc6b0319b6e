"""Epochs from which one way is cheaper than another."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Prices
from jitprep.costs.ways.bill import GPU, JUST_IN_TIME, Missing, TrainingPlan, Way
from jitprep.costs.ways.model import ways

_MOST_MS = 60_000.0


def crossing(first: Way, second: Way) -> float | None:
    """Return the number of epochs at which both cost the same; None where there is not exactly one."""
    if first.slope == second.slope:
        return None
    epochs = (second.fixed - first.fixed) / (first.slope - second.slope)
    return epochs if 0 <= epochs < math.inf else None


def cheaper_from(first: Way, second: Way) -> int | None:
    """Return the first epoch, from 1, after which `second` has cost less; None where there is none."""
    if second.total(1) < first.total(1):
        return 1
    if second.slope >= first.slope:
        return None
    epochs = crossing(first, second)
    return None if epochs is None else math.floor(epochs) + 1


def cheapest_just_in_time(
    found: Sequence[Way | Missing], epochs: int, names: Collection[str] = JUST_IN_TIME
) -> Way | None:
    """Return the cheapest way of these names, of those that store nothing."""
    open_ = [way for way in found if isinstance(way, Way) and way.name in names]
    return min(open_, key=lambda way: way.total(epochs), default=None)


def worthwhile_ms(
    measured: Measured, plan: TrainingPlan, prices: Prices, names: Collection[str]
) -> float | None:
    """Return the CPU time per object, in ms, from which a read costs less than an idle instance.

    Reads by the ways of these names may be cheaper per millisecond, but each costs something of its own.
    Below this time, the instance is cheaper even while its GPU waits. None where that holds up to a
    minute.
    """

    def worth(ms: float) -> bool:
        found = ways(replace(measured, ms=ms), plan, prices)
        read = cheapest_just_in_time(found, 1, names)
        (gpu,) = (way for way in found if isinstance(way, Way) and way.name == GPU)
        return read is not None and read.slope < gpu.slope

    low, high = 0.0, 1.0
    while not worth(high):
        low, high = high, 2 * high
        if high > _MOST_MS:
            return None
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if worth(middle) else (middle, high)
    return high
