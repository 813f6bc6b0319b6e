"""What a video file claims of itself, looked at before a library believes it.

FFmpeg takes memory for as many samples as a track claims to have, which is one number in the file; and a
file that was cut off is to it one that ends there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.errors import CorruptSource, LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Six hours at 120 frames a second, or of AAC at 48 kHz, have fewer.
_MOST_SAMPLES = 2**22
# ISO/IEC 14496-12: the boxes on the way to a track's sample sizes, and the sizes themselves.
_NESTED = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_SIZES = frozenset({b"stsz", b"stz2"})
_HEADER = 16
# Real files have some ten boxes in each of a few tracks, and two for each fragment.
_MOST_BOXES = 2**16
# A writer that could not go back left one of these where the length should be.
_UNTOLD = frozenset({0, 2**32 - 1})
_LARGEST_VINT = 8


def require_claims(format_: str, read_at: Callable[[int, int], bytes], size: int) -> None:
    """Refuse a file that is cut off, or an MP4 that claims too many samples.

    Parameters
    ----------
    format_ : str
        As `sniff` tells. Streams, which may begin and end anywhere, claim nothing.
    read_at : callable
        Returns as many bytes from a place on.
    size : int
        Of the file.

    Raises
    ------
    CorruptSource, LimitExceeded
    """
    if format_ == "avi":
        length = int.from_bytes(read_at(4, 4), "little")
        _require_whole(0 if length in _UNTOLD else 8 + length, size)
    elif format_ == "matroska":
        _require_whole(_end_of_segment(read_at(0, 128)), size)
    elif format_ == "mp4":
        _require_samples(read_at, size)


def _require_whole(claimed: int, size: int) -> None:
    if claimed > size:
        raise CorruptSource(
            f"the video breaks off: it has {size} bytes, and claims {claimed}; upload it again"
        )


def _require_samples(read_at: Callable[[int, int], bytes], size: int) -> None:
    # Uncompressed sound has a sample in each frame of it, and one size for all: these FFmpeg counts by
    # chunks. No other has so many.
    for count, kind in _tracks(read_at, size):
        if count > _MOST_SAMPLES and kind != b"soun":
            raise LimitExceeded(
                f"the video's index claims {count} samples, more than the limit of {_MOST_SAMPLES}; it "
                "may be damaged: write it anew, or cut it into shorter ones"
            )


def _end_of_segment(head: bytes) -> int:
    """Return where a Matroska's segment, which is all of it, ends; 0 where that is not told.

    RFC 8794, 4 and 5: an element is its ID, its length, and its content. The EBML header comes first.
    """
    place = 4
    length, width = _vint(head, place)
    place += width + length + 4  # the segment's ID
    length, width = _vint(head, place)
    untold = length == 2 ** (7 * width) - 1
    return 0 if untold or not width else place + width + length


def _vint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number whose leading zeros tell how many bytes it has, and how many; zeros for none."""
    first = data[place] if place < len(data) else 0
    width = _LARGEST_VINT + 1 - first.bit_length()
    if width > _LARGEST_VINT:
        return 0, 0
    return int.from_bytes(data[place : place + width], "big") & (2 ** (7 * width) - 1), width


def _tracks(read_at: Callable[[int, int], bytes], size: int) -> Iterator[tuple[int, bytes]]:
    """Yield how many samples each track claims, and what it holds."""
    handler = b""
    for kind, place, _ in _boxes(read_at, 0, size):
        if kind == b"hdlr":
            handler = read_at(place + 8, 4)
        elif kind in _SIZES:
            yield int.from_bytes(read_at(place + 8, 4), "big"), handler


def _boxes(
    read_at: Callable[[int, int], bytes], start: int, stop: int
) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box's type, where its content starts, and where it stops; in the nested ones, too."""
    pending, seen = [(start, stop)], 0
    while pending and seen < _MOST_BOXES:
        place, last = pending.pop()
        header = read_at(place, _HEADER)
        if len(header) < 8 or place + 8 > last:
            continue
        seen += 1
        length, kind, content = int.from_bytes(header[:4], "big"), header[4:8], place + 8
        if length == 1:  # it follows, in eight bytes
            length, content = int.from_bytes(header[8:16], "big"), place + 16
        after = last if length == 0 else place + length
        _require_whole(after, last if last == stop else after)
        after = min(after, last)
        if after <= place or after < content:
            continue
        pending.append((after, last))
        if kind in _NESTED:
            pending.append((content, after))
        yield kind, content, after
