"""What a video file claims of itself, looked at before a library believes it.

FFmpeg takes memory for as many samples, tracks or entries of an index as a file claims to have; and a
file that was cut off is to it one that ends there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.containers import ebml, mp4
from preprocessing.errors import CorruptSource, LimitExceeded
from preprocessing.limits import require_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.limits import Limits

    ReadAt = Callable[[int, int], bytes]

# A writer that could not go back left one of these where the length should be.
_UNTOLD = frozenset({0, 2**32 - 1})
_MOST_TRACKS, _MOST_VIDEOS = 128, 16
# Matroska's lists, of which FFmpeg makes structs: an element of two bytes may become one of 64, and
# takes a third of a microsecond. Six hours of a cue for each half second are a megabyte.
_LISTS = frozenset({ebml.SEEK_HEAD, ebml.TRACKS, ebml.TAGS, ebml.CHAPTERS, ebml.INFO})
_MOST_CUES, _MOST_LISTS, _STRUCT = 4 * 2**20, 2**20, 48
_MOST_ATTACHED = 512
# Transport streams: FFmpeg makes a stream of each PID, of which a broadcaster's multiplex has a hundred.
# It looks farther for them than we do; what they take there, the guard bounds.
_TS_PACKET, _TS_HEAD, _MOST_PIDS = 188, 2**17, 512
# AVI: chunks of the header, which real files have some twenty of.
_MOST_CHUNKS = 4096
_AVI_NESTED = frozenset({b"hdrl", b"strl", b"odml"})


def require_plausible(format_: str, read_at: ReadAt, size: int, limits: Limits) -> None:
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
    elif format_ == "mpegts":
        _require_ts(read_at(0, min(_TS_HEAD, size)))
    elif format_ == "mp4":
        mp4.require_index(read_at, size, limits)


def _require_whole(claimed: int, size: int) -> None:
    if claimed > size:
        raise CorruptSource(
            f"the video breaks off: it has {size} bytes, and claims {claimed}; upload it again"
        )


def _require_matroska(read_at: ReadAt, size: int, limits: Limits) -> None:
    lists, cues, attached, types = 0, 0, 0, list[int]()
    for found in ebml.header_elements(read_at, size):
        if found.name not in (*_LISTS, ebml.CUES, ebml.ATTACHMENTS):
            continue
        if found.stop is None or found.stop > size:
            raise CorruptSource(
                f"a list in the video's header, at byte {found.start}, is longer than the file"
            )
        cues += (found.stop - found.start) * (found.name == ebml.CUES)
        lists += (found.stop - found.start) * (found.name in _LISTS)
        if found.name == ebml.ATTACHMENTS:
            attached += sum(1 for _ in ebml.elements(read_at, found.start, found.stop))
        if found.name == ebml.TRACKS:
            types += ebml.track_types(read_at, found)
    _require_tracks(len(types), types.count(ebml.VIDEO))
    if cues > _MOST_CUES or lists > _MOST_LISTS or attached > _MOST_ATTACHED:
        raise LimitExceeded(
            f"the video has {cues} bytes of cues, {lists} of other lists and {attached} attachments, "
            f"more than the limits of {_MOST_CUES}, {_MOST_LISTS} and {_MOST_ATTACHED}; write it anew, "
            "as by ffmpeg -i IN -map 0:v:0 -c copy OUT.mkv"
        )
    require_memory((cues + lists) * _STRUCT, limits, "FFmpeg's index of the video")


def _require_ts(head: bytes) -> None:
    packets = np.frombuffer(head[: len(head) // _TS_PACKET * _TS_PACKET], np.uint8)
    names = packets.reshape(-1, _TS_PACKET)[:, 1:3].astype(np.uint16)
    count = len(np.unique((names[:, 0] & 0x1F) << 8 | names[:, 1]))
    if count > _MOST_PIDS:
        raise LimitExceeded(
            f"the video has {count} streams side by side, more than the limit of {_MOST_PIDS}; keep "
            "one, as by ffmpeg -i IN -map 0:v:0 -c copy OUT.ts"
        )


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
