"""Checks of a container's header before FFmpeg opens the file.

FFmpeg allocates memory for the number of samples, tracks and index entries that a file claims to have.
It also treats a file that was cut off as one that ends there.
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

# What a writer that cannot seek leaves as the length.
_UNKNOWN_LENGTH = frozenset({0, 2**32 - 1})
_MOST_TRACKS, _MOST_VIDEOS = 128, 16
# Matroska's lists, whose elements FFmpeg turns into structs: two bytes may become 64, in a third of a
# microsecond. Six hours with a cue for every half second have a megabyte of cues.
_LISTS = frozenset({ebml.SEEK_HEAD, ebml.TRACKS, ebml.TAGS, ebml.CHAPTERS, ebml.INFO})
_MOST_CUES, _MOST_LISTS, _STRUCT = 4 * 2**20, 2**20, 48
_MOST_ATTACHED = 512
# Transport streams: FFmpeg makes a stream for each PID, and a broadcaster's multiplex has about a
# hundred. FFmpeg looks for them beyond this prefix, where `memory_guard` bounds the memory that they
# take.
_TS_PACKET, _TS_HEAD, _MOST_PIDS = 188, 2**17, 512
# AVI: most chunks in the header. Real files have about twenty.
_MOST_CHUNKS = 4096
_AVI_NESTED = frozenset({b"hdrl", b"strl", b"odml"})


def require_plausible(format_: str, read_at: ReadAt, size: int, limits: Limits) -> None:
    """Raise unless a file is complete and its header claims no more than the file can hold.

    Parameters
    ----------
    format_ : str
        As `sniff` returns it. MPEG program streams and FLV have nothing to check.
    read_at : callable
        Takes an offset and a length, and returns the bytes there, fewer at the end.
    size : int
        Of the file, in bytes.
    limits : Limits

    Raises
    ------
    CorruptSource, LimitExceeded, UnsupportedSource
    """
    if format_ == "avi":
        length = int.from_bytes(read_at(4, 4), "little")
        _require_length(0 if length in _UNKNOWN_LENGTH else 8 + length, size)
        _require_avi(read_at, size)
    elif format_ == "matroska":
        whole = ebml.segment(read_at)
        _require_length((whole.stop or 0) if whole is not None else 0, size)
        _require_matroska(read_at, size, limits)
    elif format_ == "mpegts":
        _require_ts(read_at(0, min(_TS_HEAD, size)))
    elif format_ == "mp4":
        mp4.require_index(read_at, size, limits)


def _require_length(claimed: int, size: int) -> None:
    if claimed > size:
        raise CorruptSource(
            f"the file is cut off: it has {size} bytes, and its header claims {claimed}; upload it again"
        )


def _require_matroska(read_at: ReadAt, size: int, limits: Limits) -> None:
    lists, cues, attached, types = 0, 0, 0, list[int]()
    for found in ebml.header_elements(read_at, size):
        if found.name not in (*_LISTS, ebml.CUES, ebml.ATTACHMENTS):
            continue
        if found.stop is None or found.stop > size:
            raise CorruptSource(
                f"the file is cut off or damaged: a list in its header, at byte {found.start}, is "
                "longer than the file; upload it again"
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
            f"the file has {cues} bytes of cues, {lists} bytes of other lists and {attached} "
            f"attachments; the limits are {_MOST_CUES} bytes, {_MOST_LISTS} bytes and {_MOST_ATTACHED} "
            "attachments; keep its video track only: ffmpeg -i IN -map 0:v:0 -c copy OUT.mkv"
        )
    require_memory((cues + lists) * _STRUCT, limits, "FFmpeg's index of the file")


def _require_ts(head: bytes) -> None:
    packets = np.frombuffer(head[: len(head) // _TS_PACKET * _TS_PACKET], np.uint8)
    names = packets.reshape(-1, _TS_PACKET)[:, 1:3].astype(np.uint16)
    count = len(np.unique((names[:, 0] & 0x1F) << 8 | names[:, 1]))
    if count > _MOST_PIDS:
        raise LimitExceeded(
            f"the file has {count} streams, more than the limit of {_MOST_PIDS}; keep its video stream "
            "only: ffmpeg -i IN -map 0:v:0 -c copy OUT.ts"
        )


def _require_avi(read_at: ReadAt, size: int) -> None:
    """Walk through the chunks before the frames, and count the streams."""
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
                f"the file is cut off or damaged: a chunk of its header, at byte {place}, is longer "
                "than the file; upload it again"
            )
        streams += name == b"strh"
        place += 12 if nested else 8 + length + (length & 1)
    _require_tracks(streams, 0)
    if seen == _MOST_CHUNKS:
        raise LimitExceeded(
            f"the file's header has more than {_MOST_CHUNKS} chunks; write it again with fewer: "
            "ffmpeg -i IN -c copy OUT.avi"
        )


def _require_tracks(count: int, videos: int) -> None:
    if count > _MOST_TRACKS or videos > _MOST_VIDEOS:
        raise LimitExceeded(
            f"the file has {count} tracks, {videos} of them video; the limits are {_MOST_TRACKS} "
            f"tracks, {_MOST_VIDEOS} of them video; keep one track of each kind: "
            "ffmpeg -i IN -c copy OUT"
        )
