"""How long each part of a plan takes, here and now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.media import VideoSpec

if TYPE_CHECKING:
    from preprocessing.media import Content
    from preprocessing.planner.plan import Plan


def measure_plan(plan: Plan, source: Content, repeats: int) -> tuple[float, ...]:
    """Return the milliseconds of each of ``plan.rows``, and of the encoding last.

    Parameters
    ----------
    plan : Plan
    source : bytes or ndarray
        As for `preprocessing.planner.plan.execute`.
    repeats : int
        How often each part is run; the least time counts, which others on the machine disturb least.
    """
    rounds = [_once(plan, source) for _ in range(repeats)]
    return tuple(min(times) * 1000 for times in zip(*rounds, strict=True))


def _once(plan: Plan, source: Content) -> list[float]:
    """Return the seconds of each part; of a video, for all frames."""
    video = isinstance(plan.output, VideoSpec)
    times = [0.0] * (len(plan.stages) + 2)
    pieces = plan.source.frames(source) if video else map(plan.source.run, (source,))
    made = []
    start = time.perf_counter()
    for piece in pieces:
        array = piece
        for index, stage in enumerate(plan.stages):
            start = _lap(times, index, start)
            array = stage.apply(array)
        start = _lap(times, len(plan.stages), start)
        made.append(array.copy() if video else array)
        start = time.perf_counter()
    result = np.stack(made) if video else made[0]
    start = time.perf_counter()
    plan.encoding.encode(result, plan.output)
    _lap(times, -1, start)
    return times


def _lap(times: list[float], part: int, start: float) -> float:
    """Add what went by since `start` to a part's time, and return the time now."""
    now = time.perf_counter()
    times[part] += now - start
    return now
