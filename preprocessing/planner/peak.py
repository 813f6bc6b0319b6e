"""Peak memory of a plan, computed before any of it is allocated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from preprocessing.limits import frame, nbytes, require_memory
from preprocessing.media import VideoSpec

if TYPE_CHECKING:
    from preprocessing.encodings import Encoding
    from preprocessing.limits import Limits
    from preprocessing.media import Spec
    from preprocessing.planner.stages import Stage, Start

# Bytes in use at one moment, and the part of the plan at work then.
Moment: TypeAlias = "tuple[int, Start | Stage | Encoding]"


def peak(source: Start, stages: Sequence[Stage], encoding: Encoding, output: Spec) -> Moment:
    """Return the peak memory in bytes, without the encoded source, and the part that reaches it.

    A video's frames pass through the stages one at a time; the results of all stay in memory.
    """
    return max(_moments(source, stages, encoding, output), key=lambda moment: moment[0])


def display_name(part: Start | Stage | Encoding) -> str:
    """Return the name of a part of the plan for error messages, such as ``'decode'``."""
    kernel = getattr(part, "kernel", None)
    name = kernel.__name__ if kernel else type(part).__name__.removesuffix("Stage").lower()
    return repr(name)


def _moments(
    source: Start, stages: Sequence[Stage], encoding: Encoding, output: Spec
) -> Iterator[Moment]:
    """Yield the memory in use during each part, in order.

    A stage's input is held until the stage is done. A view keeps the array that it is a view of.
    """
    stacked = nbytes(output) if isinstance(output, VideoSpec) else 0
    decoded = source.holds()
    yield decoded + stacked, source
    spec: Any = frame(source.output())
    live = min(decoded, nbytes(spec))
    place = 0 if stacked else nbytes(output)  # the result's array, allocated by the caller
    for index, stage in enumerate(stages):
        last = index == len(stages) - 1
        held = stage.holds(spec)
        yield live + held + stacked + (place if last and not stage.fills else 0), stage
        spec = frame(stage.output(spec))
        live = nbytes(spec) if held else live
    if not stages:
        yield live + stacked + place, encoding
    yield (stacked or live) + encoding.holds(output), encoding


def most_frames(
    source: Start, stages: Sequence[Stage], encoding: Encoding, output: VideoSpec, limits: Limits
) -> int:
    """Return how many frames fit into memory, for a video whose header does not give their number.

    Raises
    ------
    LimitExceeded
        If not even one fits.
    """

    def held(frames: int) -> Moment:
        return peak(source, stages, encoding, replace(output, frames=frames))

    one, part = held(1)
    require_memory(one, limits, display_name(part))
    fitting, too_many = 1, limits.frames + 1
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        # Twice the results: they are collected one by one, and then copied into one array.
        total = max(held(middle)[0], 2 * nbytes(replace(output, frames=middle)))
        fitting, too_many = (middle, too_many) if total <= limits.memory else (fitting, middle)
    return fitting
