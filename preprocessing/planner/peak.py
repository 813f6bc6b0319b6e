"""What the work on one source holds at once, at its widest."""

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

# Bytes, and what holds them: the start, a stage, or the encoding.
Moment: TypeAlias = "tuple[int, Start | Stage | Encoding]"


def peak(source: Start, stages: Sequence[Stage], encoding: Encoding, output: Spec) -> Moment:
    """Return the most bytes that are held at once, the encoded object left out, and by what.

    Of a video every frame goes its way alone; its results are all there at the end.
    """
    return max(_moments(source, stages, encoding, output), key=lambda moment: moment[0])


def called(what: Start | Stage | Encoding) -> str:
    """Return the name of a step, as a user knows it, or of what the planner made of it."""
    kernel = getattr(what, "kernel", None)
    name = kernel.__name__ if kernel else type(what).__name__.removesuffix("Stage").lower()
    return repr(name)


def _moments(
    source: Start, stages: Sequence[Stage], encoding: Encoding, output: Spec
) -> Iterator[Moment]:
    """Yield them in order. An input is held until its stage is done; a view keeps what it looks at."""
    stacked = nbytes(output) if isinstance(output, VideoSpec) else 0
    decoded = source.holds()
    yield decoded + stacked, source
    spec: Any = frame(source.output())
    live = min(decoded, nbytes(spec))
    place = 0 if stacked else nbytes(output)  # of the result, into which the last stage may write
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
    """Return how many frames there may be where only the content tells how many there are.

    Raises
    ------
    LimitExceeded
        Where there is no room for one.
    """

    def held(frames: int) -> Moment:
        return peak(source, stages, encoding, replace(output, frames=frames))

    one, what = held(1)
    require_memory(one, limits, called(what))
    fitting, too_many = 1, limits.frames + 1
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        # Twice the stack: the frames are collected one by one, and then put together.
        total = max(held(middle)[0], 2 * nbytes(replace(output, frames=middle)))
        fitting, too_many = (middle, too_many) if total <= limits.memory else (fitting, middle)
    return fitting
