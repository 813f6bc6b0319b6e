"""Timing of each part of a plan on this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.planner.stages import VideoStart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.media import Array, Content
    from preprocessing.planner.plan import Plan
    from preprocessing.planner.stages import Start


def measure_plan(plan: Plan, source: Content, repeats: int) -> tuple[float, ...]:
    """Return the milliseconds that each of ``plan.rows`` takes, and last, the encoding.

    Parameters
    ----------
    plan : Plan
    source : bytes or ndarray
        As for `preprocessing.planner.execute.execute`.
    repeats : int
        How often to run the plan. The shortest time of each part is returned, because other work on
        the machine can only make it longer.
    """
    rounds = [_once(plan, source) for _ in range(repeats)]
    return tuple(min(times) * 1000 for times in zip(*rounds, strict=True))


def _once(plan: Plan, source: Content) -> list[float]:
    """Return the seconds that each part takes, for a video over all frames."""
    video = isinstance(plan.source, VideoStart)
    times = [0.0] * (len(plan.stages) + 2)
    made = []
    start = time.perf_counter()
    for decoded in _decoded(plan.source, source):
        array = decoded
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


def _decoded(start: Start, source: Content) -> Iterator[Array]:
    """Yield the frames of a video, or the one array of anything else."""
    if isinstance(start, VideoStart):
        yield from start.frames(source)
    else:
        yield start.run(source)


def _lap(times: list[float], part: int, start: float) -> float:
    """Add the time since `start` to a part's, and return the time now."""
    now = time.perf_counter()
    times[part] += now - start
    return now
