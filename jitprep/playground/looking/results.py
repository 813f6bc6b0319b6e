"""`ReadOutcome`: what a read of a subject returns, and what can be seen of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from jitprep.playground.drawing.drawing import draw_value
from jitprep.playground.drawing.sources import draw_source
from preprocessing.encodings.images import Jpeg, WebP
from preprocessing.frozen import frozen
from preprocessing.media import ImageSpec
from preprocessing.planner.execute import encode_result
from preprocessing.planner.stages import VideoStart
from preprocessing.planner.turns import TransformTurn
from preprocessing.sources import Loaded, load_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jitprep.playground.desk import Desk
    from jitprep.playground.drawing.view import View
    from jitprep.playground.looking.subject import Subject
    from preprocessing import Limits, Plan
    from preprocessing.encodings import Encoding
    from preprocessing.media import Array


@frozen
class ReadOutcome:
    """What a read of a source returns.

    Parameters
    ----------
    plan : Plan
    array : ndarray
        With the axes of the plan's spec. It is the body's memory, or its own.
    body : bytes or bytearray
        What is sent.
    metadata : mapping of str to str
        As S3 returns them.
    ms : float
        Milliseconds that it took, without the reading of the source.
    """

    plan: Plan
    array: Array
    body: bytes | bytearray
    metadata: Mapping[str, str]
    ms: float


def run_read(subject: Subject, loaded: Loaded, seed: int) -> ReadOutcome:
    """Compute what a read with a seed returns, by one run of its plan.

    Raises
    ------
    SourceError, IncompatibleSource, LimitExceeded
    """
    began = time.perf_counter()
    plan = subject.plan(seed)
    with TransformTurn(loaded.content):
        body, array = encode_result(plan, loaded.content)
        took = time.perf_counter() - began
        if plan.allocate is None:  # it may be memory that the next read uses
            array = array.copy(order="K")
    metadata = subject.pipeline.planned_metadata(plan, array, subject.seed(seed))
    return ReadOutcome(plan, array, body, metadata, took * 1000)


def draw_result(desk: Desk, subject: Subject, result: ReadOutcome) -> View:
    """Draw a result as its reader gets it: with the losses of a lossy image file."""
    plan = result.plan
    encoding, steps = plan.encoding, subject.pipeline.steps
    if is_lossy_file(encoding):
        image = _decoded(result, subject.limits)
        height, width, channels = image.shape
        spec = ImageSpec(height, width, channels, "uint8")
        view = draw_value(desk, image, spec, encoding=encoding)
        return replace(view, how=f"as a reader decodes the {encoding.name}")
    choice = plan.source.choice if isinstance(plan.source, VideoStart) else None
    return draw_value(
        desk,
        result.array,
        plan.output,
        steps,
        encoding=encoding,
        choice=choice,
        body=result.body,
    )


def draw_passed(desk: Desk, subject: Subject) -> View:
    """Draw a source of a kind that the pipeline skips, which is what a reader gets."""
    view = draw_source(desk, subject.item, subject.pipeline.kind, subject.limits)
    return replace(view, how="passed through unchanged")


def is_lossy_file(encoding: Encoding) -> bool:
    """Whether an encoding is an image file that changes pixels."""
    return isinstance(encoding, Jpeg) or (isinstance(encoding, WebP) and not encoding.lossless)


def _decoded(result: ReadOutcome, limits: Limits) -> Array:
    """Decode the image file of a result; a gray one to one channel."""
    loaded = load_source(bytes(result.body), "image", limits)
    image = loaded.start.run(loaded.content).copy()
    is_gray = getattr(result.plan.output, "channels", 3) == 1
    return image[:, :, :1] if is_gray else image
