"""The boxes of an MP4 or QuickTime file, everywhere that FFmpeg looks for them: ISO/IEC 14496-12.

FFmpeg parses a box by its type, whatever box it is in: an index within user data counts as an index. So
every box that can contain others is entered here, wherever it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# libavformat/mov.c, mov_default_parse_table: the types whose parser calls mov_read_default.
_NESTED = frozenset(
    {
        *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"mvex", b"moof", b"traf"),
        *(b"udta", b"meta", b"sinf", b"schi", b"tref", b"ilst", b"iprp", b"ipco", b"iref", b"mfra"),
        *(b"wave", b"hoov"),
    }
)
_VERSIONED = frozenset({b"iref"})
_HEADER, _WIDE_HEADER = 8, 16
# Real files have about ten boxes for each track, and as many for each fragment: six hours of fragments
# of two seconds have 150,000.
_MOST_BOXES = 2**18
# FFmpeg's own limit is 10.
_MOST_DEPTH = 12
_RUN = 256


class Box(NamedTuple):
    """A box: its type, where its content starts and stops, and its track (from 1; 0 for none)."""

    kind: bytes
    start: int
    stop: int
    track: int


def boxes(read_at: Callable[[int, int], bytes], size: int) -> Iterator[Box]:
    """Yield the boxes of a file, each before the boxes inside it.

    Parameters
    ----------
    read_at : callable
        Takes an offset and a length, and returns the bytes there, fewer at the end.
    size : int
        Of the file, in bytes.

    Raises
    ------
    CorruptSource
        If the file is cut off, or its boxes are nested too deeply.
    LimitExceeded
        If there are more boxes than any real file has.
    UnsupportedSource
        If the header is compressed.
    """
    pending, seen, tracks = [(0, size, 0, 0)], 0, 0
    fragmented = False
    while pending:
        place, last, depth, track = pending.pop()
        box = _box(read_at, place, last, size if depth == 0 else None)
        if box is None:
            continue
        kind, content, after = box
        seen += 1
        if not seen % _RUN:
            checkpoint()
        if seen > _MOST_BOXES:
            raise LimitExceeded(
                f"the file has more than {_MOST_BOXES} boxes; write it again with fewer: ffmpeg -i IN "
                "-c copy OUT.mp4"
            )
        pending.append((after, last, depth, track))
        if kind == b"cmov":
            raise UnsupportedSource(
                "the file's header is compressed (cmov), which is not decoded; write it again: "
                "ffmpeg -i IN -c copy OUT.mp4"
            )
        if kind == b"moof" and not fragmented:
            fragmented = True
            if (index := _random_access(read_at, size)) is not None:
                pending.append((index, size, 0, 0))
        if kind == b"trak":
            tracks += 1
        within = tracks if kind == b"trak" else track
        yield Box(kind, content, after, within)
        inside = _inside(read_at, kind, content, after)
        if inside is not None and depth == _MOST_DEPTH:
            raise CorruptSource(
                f"the boxes of the file are nested more than {_MOST_DEPTH} deep; replace it with an "
                "intact copy"
            )
        if inside is not None:
            pending.append((inside, after, depth + 1, within))


def _box(
    read_at: Callable[[int, int], bytes], place: int, last: int, size: int | None
) -> tuple[bytes, int, int] | None:
    """Return the type of the box at `place`, and where its content starts and stops; None for none.

    Like FFmpeg, shorten a box that is longer than the one around it. `size` is the file's for a box at
    the top level, which must end within the file, and None for others.
    """
    if place + _HEADER > last:
        return None
    header = read_at(place, _WIDE_HEADER)
    if len(header) < _HEADER:
        return None
    length, kind, content = int.from_bytes(header[:4], "big"), header[4:8], place + _HEADER
    if length == 1 and len(header) == _WIDE_HEADER:  # the length follows, in eight bytes
        length, content = int.from_bytes(header[8:16], "big"), place + _WIDE_HEADER
    after = last if length == 0 else place + length
    if size is not None and after > size:
        raise CorruptSource(
            f"the file is cut off: it has {size} bytes, and its header claims {after}; upload it again"
        )
    return None if after < content else (kind, content, min(after, last))


def _inside(read_at: Callable[[int, int], bytes], kind: bytes, start: int, stop: int) -> int | None:
    """Return where the boxes inside a box begin; None if it contains none."""
    if kind == b"meta":  # FFmpeg looks for a handler in steps of four bytes
        for place in range(start, stop - _HEADER + 1, 4):
            if read_at(place + 4, 4) == b"hdlr":
                return place
        return None
    if kind in (b"free", b"skip", b"hoov"):  # may be a header that a writer disabled
        return start if read_at(start + 4, 4) in (b"mvhd", b"cmov") else None
    if kind not in _NESTED:
        return None
    return start + 4 if kind in _VERSIONED else start


def _random_access(read_at: Callable[[int, int], bytes], size: int) -> int | None:
    """Return the offset of the index of fragments, from the file's last four bytes; None for none."""
    length = int.from_bytes(read_at(size - 4, 4), "big") if size >= _WIDE_HEADER else 0
    if not _WIDE_HEADER <= length <= size:
        return None
    place = size - length
    return place if read_at(place + 4, 4) == b"mfra" else None
