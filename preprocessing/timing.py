"""How long each part of a plan takes, here and now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from preprocessing.decode import decode
from preprocessing.stages import Decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.media import Array
    from preprocessing.plan import Plan

T = TypeVar("T")


def measure(plan: Plan, source: bytes | Array, repeats: int) -> tuple[float, ...]:
    """Return the milliseconds of each of ``plan.rows``, and of the encoding last.

    Parameters
    ----------
    plan : Plan
    source : bytes or ndarray
        As for `preprocessing.plan.execute`.
    repeats : int
        How often each part is run; the least time counts, which others on the machine disturb least.
    """
    times: list[float] = []

    def timed(work: Callable[[], T]) -> T:
        best = float("inf")
        for _ in range(repeats):
            start = time.perf_counter()
            result = work()
            best = min(best, time.perf_counter() - start)
        times.append(best * 1000)
        return result

    image: Array
    if isinstance(plan.source, Decode):
        assert isinstance(source, bytes)
        how = plan.source
        image = timed(lambda: decode(source, how.header, eighths=how.eighths, luma=how.luma)).array
    else:
        assert isinstance(source, np.ndarray)
        image = timed(lambda: source)
    for stage in plan.stages:
        given = image
        image = timed(lambda stage=stage, given=given: stage.apply(given))  # type: ignore[misc]
    timed(lambda: plan.encoding.encode(image))
    return tuple(times)
