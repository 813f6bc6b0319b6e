"""Sources as they are stored, each drawn by its kind, with no pipeline or one for another kind."""

from __future__ import annotations

from typing import cast

from jitprep.playground.desk import Desk
from jitprep.playground.drawing.raw import draw_bytes
from jitprep.playground.drawing.shards import draw_shard
from jitprep.playground.drawing.view import View
from jitprep.playground.items import Item
from jitprep.playground.members import is_shard, shard_members
from preprocessing import AudioSpec, Limits, TextSpec, UnknownFormat
from preprocessing.media import SourceKind
from preprocessing.planner.stages.video import DecodeVideo
from preprocessing.sources import Loaded, format_of, load_source
from preprocessing.spec.kinds import object_kind


def draw_source(desk: Desk, item: Item, kind: SourceKind | None, limits: Limits) -> View:
    """Draw an object by the kind of its content.

    Parameters
    ----------
    desk : Desk
    item : Item
    kind : SourceKind, optional
        What the pipeline takes. It decides between an image and a mask, which are stored alike. An
        object of another kind is drawn as what it is.
    limits : Limits

    Raises
    ------
    SourceError, LimitExceeded
        If the object is damaged, empty or too large.
    """
    content = item.content
    if is_shard(content):
        return draw_shard(shard_members(content, limits))
    try:
        found = source_kind(content, kind)
    except UnknownFormat as error:
        return draw_bytes(content, str(error))
    return draw_loaded(desk, load_source(content, found, limits), limits)


def source_kind(content: bytes, kind: SourceKind | None) -> SourceKind:
    """Return the kind as which an object is drawn: that of a pipeline, if the object is of it.

    Raises
    ------
    UnknownFormat, CorruptSource
    """
    wanted = "image" if kind is None else kind
    found = format_of(content, wanted, any_kind=True).kind
    return wanted if found == object_kind(wanted) else found


def draw_loaded(desk: Desk, loaded: Loaded, limits: Limits) -> View:
    """Draw a source that is loaded; of a video only the frames that are shown are decoded.

    Raises
    ------
    SourceError, LimitExceeded
    """
    start, content = loaded.start, loaded.content
    if isinstance(start, DecodeVideo):
        from jitprep.playground.drawing.video_source import draw_video_source  # noqa: PLC0415

        return draw_video_source(desk, cast("bytes", content), start, limits)
    spec, array = start.output(), start.run(content).copy()
    if isinstance(spec, AudioSpec):
        from jitprep.playground.drawing.sound import draw_sound  # noqa: PLC0415  as they are needed

        return draw_sound(desk, array, spec)
    if isinstance(spec, TextSpec):
        from jitprep.playground.drawing.text import draw_text  # noqa: PLC0415

        return draw_text(array)
    from jitprep.playground.drawing.drawing import draw_value  # noqa: PLC0415

    drawn: View = draw_value(desk, array, spec, ())
    return drawn
