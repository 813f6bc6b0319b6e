"""Sources as they are stored, each drawn by its kind, with no pipeline or one for another kind."""

from __future__ import annotations

from typing import cast

from jitprep.playground.desk import Desk
from jitprep.playground.drawing.shards import draw_shard
from jitprep.playground.drawing.view import View
from jitprep.playground.items import Item
from jitprep.playground.members import is_shard, shard_members
from preprocessing import Limits, UnknownFormat
from preprocessing.media import SourceKind
from preprocessing.planner.stages.video import DecodeVideo
from preprocessing.sources import Loaded, format_of, load_source
from preprocessing.spec.kinds import object_kind

# Bytes of an object of no kind that are shown, and of a line, which fits half a page.
_SHOWN, _LINE = 1024, 8


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
    from jitprep.playground.drawing.drawing import draw_value  # noqa: PLC0415

    return draw_value(desk, start.run(content).copy(), start.output())


def draw_bytes(content: bytes, why: str = "") -> View:
    """Show the beginning of an object in hexadecimal digits, and why it is shown so."""
    return View(
        "bytes",
        f"{len(content):,} bytes",
        how=why,
        count=len(content),
        texts=(hexdump(content[:_SHOWN]),),
    )


def hexdump(content: bytes) -> str:
    """Return bytes as lines of an offset, eight bytes, and those of them that are visible in ASCII."""
    return "\n".join(
        _line(start, content[start : start + _LINE]) for start in range(0, len(content), _LINE)
    )


def _line(start: int, row: bytes) -> str:
    seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{start:04x}  {row.hex(' '):<{3 * _LINE - 1}}  {seen}"
