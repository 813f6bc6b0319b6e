"""Execution of a plan: from an encoded source, or an array, to the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource
from preprocessing.media import VideoSpec, known
from preprocessing.planner.stages import VideoStart
from preprocessing.planner.stages.base import apply_stages, apply_stages_into

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.media import Array, Content
    from preprocessing.planner.plan import Plan


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
        return apply_stages(plan.stages, array)
    apply_stages_into(plan.stages, array, out)
    return out


def encode_result(plan: Plan, content: Content) -> tuple[bytes | bytearray, Array]:
    """Run a plan, and return the encoded result and its array.

    The array has the axes of the plan's spec. It is valid until the next call in this thread, or it is
    the samples of the body.

    Raises
    ------
    SourceError, LimitExceeded, Cancelled
    """
    encoding = plan.encoding
    if plan.allocate is None:
        array = execute(plan, content)
        return encoding.encode(array, plan.output), array
    buffer = plan.allocate()
    execute(plan, content, buffer.array)
    return buffer.body, buffer.array


def _execute_video(plan: Plan, content: Content, out: Array | None) -> Array:
    """Run a plan once per frame and return all results in one array."""
    if out is None:
        shape = known(plan.output.shape)
        if shape is None:  # the number of frames is known only after decoding
            return np.stack(
                [apply_stages(plan.stages, frame).copy() for frame in _frames(plan, content)]
            )
        out = np.empty(shape, plan.output.dtype)
    for index, frame in enumerate(_frames(plan, content)):
        apply_stages_into(plan.stages, frame, out[index])
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
