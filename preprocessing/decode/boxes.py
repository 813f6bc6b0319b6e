"""What an MP4's index claims, looked at before a library believes it.

FFmpeg takes memory for as many samples as a track claims to have, which is one number in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Six hours at 120 frames a second, or of AAC at 48 kHz, have fewer.
_MOST_SAMPLES = 2**22
# ISO/IEC 14496-12: the boxes on the way to a track's sample sizes, and the sizes themselves.
_NESTED = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_SIZES = frozenset({b"stsz", b"stz2"})
_HEADER = 16
# Real files have some ten boxes in each of a few tracks.
_MOST_BOXES = 2**14


def require_samples(read_at: Callable[[int, int], bytes], size: int) -> None:
    """Refuse an MP4 that claims too many samples.

    Parameters
    ----------
    read_at : callable
        Returns as many bytes from a place on.
    size : int
        Of the file.

    Raises
    ------
    LimitExceeded
    """
    # Uncompressed sound has a sample in each frame of it, and one size for all: these FFmpeg counts by
    # chunks. No other has so many.
    for count, kind in _tracks(read_at, 0, size):
        if count > _MOST_SAMPLES and kind != b"soun":
            raise LimitExceeded(
                f"the video's index claims {count} samples, more than the limit of {_MOST_SAMPLES}; it "
                "may be damaged: write it anew, or cut it into shorter ones"
            )


def _tracks(
    read_at: Callable[[int, int], bytes], start: int, stop: int
) -> Iterator[tuple[int, bytes]]:
    """Yield how many samples each track claims, and what it holds."""
    handler = b""
    for kind, place, _ in _boxes(read_at, start, stop):
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
        after = last if length == 0 else min(place + length, last)
        if after <= place or after < content:
            continue
        pending.append((after, last))
        if kind in _NESTED:
            pending.append((content, after))
        yield kind, content, after
