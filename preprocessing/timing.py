"""How long each part of a plan takes, here and now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.media import Content
    from preprocessing.plan import Plan

T = TypeVar("T")


def measure(plan: Plan, source: Content, repeats: int) -> tuple[float, ...]:
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

    array = timed(lambda: plan.source.run(source))
    for stage in plan.stages:
        given = array
        array = timed(lambda stage=stage, given=given: stage.apply(given))  # type: ignore[misc]
    timed(lambda: plan.encoding.encode(array, plan.output))
    return tuple(times)
