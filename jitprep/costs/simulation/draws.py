"""Random values of a simulation, drawn in blocks because NumPy draws many at once far faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from jitprep.costs.simulation.scenario import Spread

_BLOCK = 4096
# Values that a block of sums is made from, at most.
_SUMMED = 2**20

# Independent streams of one seed: a change of one part leaves the draws of the others as they are.
SERVICE, WAIT, BACKOFF, PARTITION, ARRIVAL, CONNECTION, PAUSE = range(7)


def uniform(seed: int, stream: int) -> Callable[[], float]:
    """Return a function that draws from 0 to 1."""
    rng = np.random.default_rng([seed, stream])
    return _endless(lambda: rng.random(_BLOCK)).__next__


def exponential(mean: float, seed: int, stream: int) -> Callable[[], float]:
    """Return a function that draws from an exponential distribution."""
    rng = np.random.default_rng([seed, stream])
    return _endless(lambda: rng.exponential(mean, _BLOCK)).__next__


def sums(
    values: float | Sequence[float], number: int, spread: Spread, seed: int, stream: int
) -> Callable[[], float]:
    """Return a function that draws sums of a number of values, at least one.

    Raises
    ------
    ValueError
        If `values` is empty.
    """
    given = np.atleast_1d(np.asarray(values, dtype=float))
    if not given.size:
        raise ValueError("there are no values to draw from; give at least one")
    rng = np.random.default_rng([seed, stream])
    mean = float(given.mean())
    if spread == "exponential":
        return _endless(lambda: rng.gamma(number, mean, _BLOCK)).__next__
    if spread == "constant" or given.size == 1:
        return lambda: number * mean
    block = max(16, min(_BLOCK, _SUMMED // number))
    return _endless(lambda: rng.choice(given, (block, number)).sum(axis=1)).__next__


def _endless(block: Callable[[], npt.NDArray[np.float64]]) -> Iterator[float]:
    while True:
        yield from block().tolist()
