"""Interleaved timing: every job runs in every round, in a random order.

The speed of a machine drifts with its clock and its other work. Interleaved measurements drift together,
so ratios hold even if absolute times do not. The minimum of each job and image counts, because it is
disturbed least; the median shows how much the others were disturbed.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from random import Random
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# A job slower than this skips rounds in proportion, or the slowest would take most of the time.
TURN = 0.04
_TWICE_BELOW = 0.02


@dataclass
class Job:
    """One peer's operation on the images of one case.

    Parameters
    ----------
    key : tuple of str
        Case and peer.
    call : callable
    inputs : sequence of tuples
        The arguments for each image.
    samples : list of lists
        The times for each image, in seconds.
    """

    key: tuple[str, str]
    call: Callable[..., Any]
    inputs: Sequence[tuple[Any, ...]]
    samples: list[list[float]] = field(default_factory=list)

    def turn(self) -> None:
        """Time each image; time a quick one twice, because caches are cold for the first call."""
        self.samples = self.samples or [[] for _ in self.inputs]
        for arguments, kept in zip(self.inputs, self.samples, strict=True):
            kept.append(_timed(self.call, arguments))
            if kept[-1] < _TWICE_BELOW:
                kept.append(_timed(self.call, arguments))

    @property
    def stride(self) -> int:
        """The job runs in one of this many rounds."""
        return max(1, round(sum(map(min, self.samples)) / TURN))

    @property
    def best(self) -> float:
        """The median over the images of each one's minimum."""
        return median(map(min, self.samples))

    @property
    def typical(self) -> float:
        """The median over the images of each one's median."""
        return median(map(median, self.samples))

    @property
    def times(self) -> int:
        """The smallest number of timings of an image."""
        return min(map(len, self.samples))


def _timed(call: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    start = perf_counter()
    call(*arguments)
    return perf_counter() - start


def interleave(jobs: Sequence[Job], seconds: float) -> int:
    """Run rounds for about `seconds`, at least one; return the number of rounds."""
    order, random, rounds = list(jobs), Random(1), 0  # noqa: S311  the order is not a secret
    late = perf_counter() + seconds
    gc.disable()
    try:
        while rounds == 0 or perf_counter() < late:
            random.shuffle(order)
            for job in order:
                # Random, because slow jobs would otherwise run in the same rounds.
                if rounds == 0 or random.random() * job.stride < 1:
                    job.turn()
            gc.collect()
            rounds += 1
    finally:
        gc.enable()
    return rounds
