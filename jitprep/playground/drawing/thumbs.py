"""Thumbnails of sources, for lists: as little as possible is decoded."""

from __future__ import annotations

from typing import cast

from jitprep.playground.desk import Desk
from jitprep.playground.drawing.pictures import put_picture
from jitprep.playground.drawing.sources import source_kind
from jitprep.playground.drawing.view import Frame
from jitprep.playground.items import Item
from preprocessing import ImageSpec, Limits, Npy, Pipeline, Resize
from preprocessing.planner.stages.audio import DecodeAudio
from preprocessing.planner.stages.video import DecodeVideo
from preprocessing.sources import load_source

# The longest side of an image.
_SIDE = 192


def draw_thumb(desk: Desk, item: Item, limits: Limits) -> Frame | None:
    """Draw an image, a frame of a video, or the waveform of sound; None for text.

    Raises
    ------
    SourceError, LimitExceeded
        For all that no pipeline takes, shards among them.
    """
    kind = source_kind(item.content, None)
    if kind == "text":
        return None
    loaded = load_source(item.content, kind, limits)
    start, content = loaded.start, cast("bytes", loaded.content)
    if isinstance(start, DecodeVideo):
        from jitprep.playground.drawing.video_source import draw_poster  # noqa: PLC0415

        return draw_poster(desk, content, start, limits)
    if isinstance(start, DecodeAudio):
        from jitprep.playground.drawing.sound import draw_waveform  # noqa: PLC0415

        return draw_waveform(desk, start.run(content))
    spec = cast("ImageSpec", start.output())
    size = (spec.height or 1, spec.width or 1)
    factor = min(1.0, _SIDE / max(size))
    rows, columns = (max(round(side * factor), 1) for side in size)
    pixels = Pipeline([Resize((rows, columns))], Npy(layout="hwc"))(content, limits=limits)
    return put_picture(desk, pixels, size=size)
