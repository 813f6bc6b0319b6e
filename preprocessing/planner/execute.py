"""Execution of a plan: from an encoded source, or an array, to the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource
from preprocessing.media import VideoSpec, known
from preprocessing.planner.stages import VideoStart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing.media import Array, Content
    from preprocessing.planner.plan import Plan
    from preprocessing.planner.stages import Stage


def execute(plan: Plan, content: Content, out: Array | None = None) -> Array:
    """Run a plan.

    Parameters
    ----------
    plan : Plan
    content : bytes, Pieces or ndarray
        The source that the plan was made for.
    out : ndarray, optional
        Array for the result, of the shape and dtype of ``plan.output``.

    Returns
    -------
    ndarray
        `out` if given. Otherwise the array may be a view of the source, or memory that the next call in
        this thread reuses.

    Raises
    ------
    SourceError, LimitExceeded, Cancelled
    """
    if isinstance(plan.output, VideoSpec):
        return _execute_video(plan, content, out)
    array = plan.source.run(content)
    if out is None:
        return apply(plan.stages, array)
    _apply_into(plan.stages, array, out)
    return out


def _execute_video(plan: Plan, content: Content, out: Array | None) -> Array:
    """Run a plan once per frame and return all results in one array."""
    if out is None:
        shape = known(plan.output.shape)
        if shape is None:  # the number of frames is known only after decoding
            return np.stack([apply(plan.stages, frame).copy() for frame in _frames(plan, content)])
        out = np.empty(shape, plan.output.dtype)
    for index, frame in enumerate(_frames(plan, content)):
        _apply_into(plan.stages, frame, out[index])
    return out


def _frames(plan: Plan, content: Content) -> Iterator[Array]:
    """Yield the decoded frames of a plan's video."""
    assert isinstance(plan.source, VideoStart)
    empty = True
    for frame in plan.source.frames(content):
        empty = False
        checkpoint()
        yield frame
    if empty:
        raise CorruptSource(
            "no frame of the video could be decoded; replace it with an intact copy"
        )


def apply(stages: Sequence[Stage], array: Array, out: Array | None = None) -> Array:
    """Run stages. The result is `out` only if `out` is given and the last stage could write to it."""
    last = len(stages) - 1
    for i, stage in enumerate(stages):
        checkpoint()
        array = stage.apply(array, out if i == last else None)
    return array


def _apply_into(stages: Sequence[Stage], array: Array, out: Array) -> None:
    """Run stages and have the result in `out`, whether or not the last stage could write to it."""
    result = apply(stages, array, out)
    if not np.may_share_memory(result, out):
        np.copyto(out, result)
