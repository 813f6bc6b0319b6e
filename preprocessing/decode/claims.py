"""What a video file claims of itself, looked at before a library believes it.

FFmpeg takes memory for as many samples, tracks or entries of an index as a file claims to have; and a
file that was cut off is to it one that ends there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint
from preprocessing.decode import ebml, mp4
from preprocessing.errors import CorruptSource, LimitExceeded
from preprocessing.limits import require_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.limits import Limits

    ReadAt = Callable[[int, int], bytes]

# A writer that could not go back left one of these where the length should be.
_UNTOLD = frozenset({0, 2**32 - 1})
_MOST_TRACKS, _MOST_VIDEOS = 128, 16
# Matroska's lists, of which FFmpeg makes structs: an element of two bytes may become one of 64.
_LISTS = frozenset({ebml.SEEK_HEAD, ebml.TRACKS, ebml.CUES, ebml.TAGS, ebml.CHAPTERS, ebml.INFO})
_MOST_LIST, _STRUCT = 16 * 2**20, 32
# AVI: chunks of the header, which real files have some twenty of.
_MOST_CHUNKS = 4096
_AVI_NESTED = frozenset({b"hdrl", b"strl", b"odml"})


def require_claims(format_: str, read_at: ReadAt, size: int, limits: Limits) -> None:
    """Refuse a file that is cut off, or claims more than it can have.

    Parameters
    ----------
    format_ : str
        As `sniff` tells. Streams, which may begin and end anywhere, claim nothing.
    read_at : callable
        Returns as many bytes from a place on.
    size : int
        Of the file.
    limits : Limits

    Raises
    ------
    CorruptSource, LimitExceeded, UnsupportedSource
    """
    if format_ == "avi":
        length = int.from_bytes(read_at(4, 4), "little")
        _require_whole(0 if length in _UNTOLD else 8 + length, size)
        _require_avi(read_at, size)
    elif format_ == "matroska":
        whole = ebml.segment(read_at)
        _require_whole((whole.stop or 0) if whole is not None else 0, size)
        _require_matroska(read_at, size, limits)
    elif format_ == "mp4":
        mp4.require_claims(read_at, size, limits)


def _require_whole(claimed: int, size: int) -> None:
    if claimed > size:
        raise CorruptSource(
            f"the video breaks off: it has {size} bytes, and claims {claimed}; upload it again"
        )


def _require_matroska(read_at: ReadAt, size: int, limits: Limits) -> None:
    listed, types = 0, list[int]()
    for found in ebml.header_elements(read_at, size):
        if found.name not in _LISTS:
            continue
        if found.stop is None or found.stop > size:
            raise CorruptSource(
                f"a list in the video's header, at byte {found.start}, is longer than the file"
            )
        listed += found.stop - found.start
        if found.name == ebml.TRACKS:
            types += ebml.track_types(read_at, found)
    _require_tracks(len(types), types.count(ebml.VIDEO))
    if listed > _MOST_LIST:
        raise LimitExceeded(
            f"the video's header and index have {listed} bytes, more than the limit of {_MOST_LIST}; "
            "write it anew, as by ffmpeg -i IN -c copy OUT.mkv"
        )
    require_memory(listed * _STRUCT, limits, "FFmpeg's index of the video")


def _require_avi(read_at: ReadAt, size: int) -> None:
    """Walk through the lists before the frames, and count the streams."""
    place, seen, streams = 12, 0, 0
    while place + 8 <= size and seen < _MOST_CHUNKS:
        checkpoint()
        seen += 1
        head = read_at(place, 12)
        name, length, kind = head[:4], int.from_bytes(head[4:8], "little"), head[8:12]
        nested = name == b"LIST" and kind in _AVI_NESTED
        if (name == b"LIST" and kind == b"movi") or not name.strip(b"\0"):
            break
        if place + 8 + length > size:
            raise CorruptSource(
                f"a chunk of the video's header, at byte {place}, is longer than the file"
            )
        streams += name == b"strh"
        place += 12 if nested else 8 + length + (length & 1)
    _require_tracks(streams, 0)
    if seen == _MOST_CHUNKS:
        raise LimitExceeded(
            f"the video's header has more than {_MOST_CHUNKS} chunks; write it anew, as by ffmpeg -i IN "
            "-c copy OUT.avi"
        )


def _require_tracks(count: int, videos: int) -> None:
    if count > _MOST_TRACKS or videos > _MOST_VIDEOS:
        raise LimitExceeded(
            f"the video has {count} tracks, {videos} of them video, more than the limit of "
            f"{_MOST_TRACKS}, and of {_MOST_VIDEOS}; keep one, as by ffmpeg -i IN -c copy OUT"
        )
