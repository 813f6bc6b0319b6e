"""The boxes of an MP4 or QuickTime file, wherever FFmpeg looks for them: ISO/IEC 14496-12.

FFmpeg's table of what it parses does not ask where a box stands: an index within user data is an index.
So whatever may hold boxes is entered here, whatever it stands in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# libavformat/mov.c, mov_default_parse_table: those that are parsed by mov_read_default, in the end.
_NESTED = frozenset(
    {
        *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"mvex", b"moof", b"traf"),
        *(b"udta", b"meta", b"sinf", b"schi", b"tref", b"ilst", b"iprp", b"ipco", b"iref", b"mfra"),
        *(b"wave", b"hoov"),
    }
)
_VERSIONED = frozenset({b"iref"})
_HEADER, _WIDE_HEADER = 8, 16
# Real files have some ten boxes in each of a few tracks, and as many for each fragment: six hours of
# fragments of two seconds have 150,000.
_MOST_BOXES = 2**18
# FFmpeg's own is 10.
_MOST_DEPTH = 12
_RUN = 256


class Box(NamedTuple):
    """A box: its type, where its content is, and which track it is in, counted from 1; 0 for none."""

    kind: bytes
    start: int
    stop: int
    track: int


def boxes(read_at: Callable[[int, int], bytes], size: int) -> Iterator[Box]:
    """Yield the boxes of a file, each before those in it.

    Raises
    ------
    CorruptSource
        Where the file breaks off, or boxes are nested without end.
    LimitExceeded, UnsupportedSource
        For more boxes than any file has, and for a compressed header.
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
                f"the video's index has more than {_MOST_BOXES} boxes; write it anew, as by ffmpeg -i "
                "IN -c copy OUT.mp4"
            )
        pending.append((after, last, depth, track))
        if kind == b"cmov":
            raise UnsupportedSource(
                "the video's header is compressed (cmov); write it anew, as by ffmpeg -i IN -c copy "
                "OUT.mp4"
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
            raise CorruptSource("the boxes of the video are nested too deeply")
        if inside is not None:
            pending.append((inside, after, depth + 1, within))


def _box(
    read_at: Callable[[int, int], bytes], place: int, last: int, size: int | None
) -> tuple[bytes, int, int] | None:
    """Return a box's type, and where its content starts and stops; None where there is none.

    One that is longer than what it stands in is cut by FFmpeg; one that is longer than the file is cut.
    """
    if place + _HEADER > last:
        return None
    header = read_at(place, _WIDE_HEADER)
    if len(header) < _HEADER:
        return None
    length, kind, content = int.from_bytes(header[:4], "big"), header[4:8], place + _HEADER
    if length == 1 and len(header) == _WIDE_HEADER:  # it follows, in eight bytes
        length, content = int.from_bytes(header[8:16], "big"), place + _WIDE_HEADER
    after = last if length == 0 else place + length
    if size is not None and after > size:
        raise CorruptSource(
            f"the video breaks off: it has {size} bytes, and claims {after}; upload it again"
        )
    return None if after < content else (kind, content, min(after, last))


def _inside(read_at: Callable[[int, int], bytes], kind: bytes, start: int, stop: int) -> int | None:
    """Return where the boxes begin that a box holds; None where it holds none."""
    if kind == b"meta":  # FFmpeg looks for a handler, four bytes at a time
        for place in range(start, stop - _HEADER + 1, 4):
            if read_at(place + 4, 4) == b"hdlr":
                return place
        return None
    if kind in (b"free", b"skip", b"hoov"):  # which may be a header that was put out of use
        return start if read_at(start + 4, 4) in (b"mvhd", b"cmov") else None
    if kind not in _NESTED:
        return None
    return start + 4 if kind in _VERSIONED else start


def _random_access(read_at: Callable[[int, int], bytes], size: int) -> int | None:
    """Return where the index of fragments is, which the file's last bytes tell; None for none."""
    length = int.from_bytes(read_at(size - 4, 4), "big") if size >= _WIDE_HEADER else 0
    if not _WIDE_HEADER <= length <= size:
        return None
    place = size - length
    return place if read_at(place + 4, 4) == b"mfra" else None
