"""Epochs from which another way is cheaper, and the training time from which the host keeps up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jitprep.costs.estimate import Estimate
from jitprep.costs.ways.bill import HOST, SHARDS_HOST, Way

# What rounding changes: an overflow that is just large enough leaves less than this share of idle time.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class CheapestFrom:
    """A way that costs least from a number of epochs on, until the next one does.

    Parameters
    ----------
    epochs : int
        At least 1.
    way : Way
    """

    epochs: int
    way: Way


def cheapest_by_epochs(ways: Sequence[Way]) -> tuple[CheapestFrom, ...]:
    """Return the way that costs least for each number of epochs, from 1 on."""
    at, best = 1, min(ways, key=lambda way: (way.total(1), way.slope))
    found = [CheapestFrom(at, best)]
    while True:
        crossings = [(cheaper_from(best, way), way) for way in ways if way.slope < best.slope]
        later = [(epochs, way.total(epochs), way.slope, way) for epochs, way in crossings if epochs]
        if not later:
            return tuple(found)
        at, _, _, best = min(later, key=lambda each: each[:3])
        if at <= found[-1].epochs:  # equal at the crossing, within rounding
            found.pop()
        found.append(CheapestFrom(at, best))


def cheaper_from(first: Way, second: Way) -> int | None:
    """Return the number of epochs, from 1, from which on `second` costs less; None without one."""
    if second.slope >= first.slope:
        cheaper = second.slope == first.slope and second.fixed < first.fixed
        return 1 if cheaper else None
    epochs = (second.fixed - first.fixed) / (first.slope - second.slope)
    # Where both cost the same, within rounding, the second costs less one epoch later.
    return max(math.floor(epochs * (1 + _ROUNDING)) + 1, 1) if epochs < math.inf else None


def own_way(estimate: Estimate) -> Way:
    """Return the way that prepares on the training host alone, from originals as they are stored."""
    way = estimate.way(SHARDS_HOST if estimate.plan.packed else HOST)
    assert way is not None  # a host can always prepare by itself
    return way


def keeping_up_ms(estimate: Estimate) -> float:
    """Return the training time per object on one GPU from which the host's own cores keep up, in ms.

    It is L / v: the CPU time to fetch and prepare an object on the host, over the vCPUs per GPU.
    """
    return own_way(estimate).host_ms / vcpus_per_gpu(estimate)


def vcpus_per_gpu(estimate: Estimate) -> float:
    """Return the vCPUs of the training instance for each of its GPUs."""
    instance = estimate.prices.instances[estimate.plan.gpu]
    return instance.vcpus / max(instance.gpus, 1)


def idle_share(way: Way, estimate: Estimate) -> float:
    """Return the share of an epoch for which a GPU waits, from 0 to 1."""
    trained_s = estimate.plan.objects * estimate.plan.train_ms / 1000
    share = way.idle_s / (way.idle_s + trained_s) if way.idle_s > 0 else 0.0
    return share if share > _ROUNDING else 0.0
