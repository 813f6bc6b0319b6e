"""Interleaved timing: every job has its turn in every round, in an order drawn anew.

Machines drift: clocks change, neighbours wake. What is measured in turns drifts together, so that
ratios hold where absolute times do not. Of each job and image the minimum counts, as the time least
disturbed; the median is kept to show how disturbed the others were.
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

# A job slower than this misses rounds in proportion, lest the slowest take all the time.
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
        Its arguments, for each image.
    samples : list of lists
        Seconds, for each image.
    """

    key: tuple[str, str]
    call: Callable[..., Any]
    inputs: Sequence[tuple[Any, ...]]
    samples: list[list[float]] = field(default_factory=list)

    def turn(self) -> None:
        """Time each image; a quick one twice, because the first call finds its caches cold."""
        self.samples = self.samples or [[] for _ in self.inputs]
        for arguments, kept in zip(self.inputs, self.samples, strict=True):
            kept.append(_timed(self.call, arguments))
            if kept[-1] < _TWICE_BELOW:
                kept.append(_timed(self.call, arguments))

    @property
    def stride(self) -> int:
        """Of how many rounds it takes part in one."""
        return max(1, round(sum(map(min, self.samples)) / TURN))

    @property
    def best(self) -> float:
        """Median over the images of the minimum of each."""
        return median(map(min, self.samples))

    @property
    def typical(self) -> float:
        """Median over the images of the median of each."""
        return median(map(median, self.samples))

    @property
    def times(self) -> int:
        """How often each image was timed, at least."""
        return min(map(len, self.samples))


def _timed(call: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    start = perf_counter()
    call(*arguments)
    return perf_counter() - start


def interleave(jobs: Sequence[Job], seconds: float) -> int:
    """Give all jobs their turns for about `seconds`, and one round at least; return the rounds."""
    order, random, rounds = list(jobs), Random(1), 0  # noqa: S311  an order is no secret
    late = perf_counter() + seconds
    gc.disable()
    try:
        while rounds == 0 or perf_counter() < late:
            random.shuffle(order)
            for job in order:
                # Drawn, not counted: slow jobs would else meet in the same rounds.
                if rounds == 0 or random.random() * job.stride < 1:
                    job.turn()
            gc.collect()
            rounds += 1
    finally:
        gc.enable()
    return rounds
