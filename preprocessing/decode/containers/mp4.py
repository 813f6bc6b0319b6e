"""Size of the index of an MP4 or QuickTime file, checked before FFmpeg allocates memory for it.

FFmpeg allocates memory for the number of samples that the tables claim to have. So each claim is
compared with the bytes of its table, and their sum with the size of the file and with the limits.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from preprocessing.decode.containers.boxes import Box, boxes
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.limits import require_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.limits import Limits

    ReadAt = Callable[[int, int], bytes]

# Enough for six hours at 120 frames per second with two tracks of AAC at 48 kHz.
_MOST_SAMPLES = 2**23
_MOST_SAMPLES_A_TRACK = 2**22
# A sample that no table lists takes at least a byte of the file, except for some that are empty.
_MOST_EMPTY = 2**16
# Bytes of FFmpeg's structs, counted twice because its edit lists copy them. A sample takes AVIndexEntry
# (24), MOVTimeToSample (12) and its size; a table's entry at most 12; a fragment takes
# MOVFragmentIndexItem, and MOVFragmentStreamInfo for each track.
_SAMPLE, _ENTRY, _EDITED, _FRAGMENT, _FRAGMENT_TRACK = 80, 16, 48, 64, 96
_MOST_TRACKS, _MOST_VIDEOS = 128, 16
# Most samples per byte of compressed sound that is counted in samples, such as QuickTime's IMA4 or
# QDesign.
_SAMPLES_A_BYTE = 64
# The offset of a table's count, and the fewest bytes that each of its entries takes.
_TABLES = {
    b"stts": (4, 8),
    b"ctts": (4, 8),
    b"stsc": (4, 12),
    b"stco": (4, 4),
    b"co64": (4, 8),
    b"stss": (4, 4),
    b"stps": (4, 4),
    b"elst": (4, 12),
    b"dref": (4, 8),
    b"stsd": (4, 8),
    b"keys": (4, 8),
    b"saio": (4, 4),
    b"senc": (4, 0),
    b"trun": (4, 0),
    b"tfra": (12, 11),
    b"iinf": (4, 0),
    b"iloc": (6, 0),
}
_SAMPLE_SIZES = frozenset({b"stsz", b"stz2"})
# FFmpeg would parse these within a sample description, as it does anywhere else.
_STRAYS = (*_TABLES, *_SAMPLE_SIZES, b"trak", b"moov", b"moof", b"traf", b"sidx", b"cmov", b"sgpd")
_MOST_DESCRIPTION = 2**20


class _Track:
    """The claims of one track."""

    def __init__(self) -> None:
        self.kinds = set[bytes]()
        self.samples = 0
        self.durations: list[tuple[int, int]] = []
        self.edits = 0
        self.untabled = 0

    @property
    def plain(self) -> bool:
        """Whether FFmpeg indexes chunks instead of samples, as for sound in PCM."""
        sound = self.kinds & {b"soun", b"vide", b"text", b"subt", b"sbtl"} == {b"soun"}
        return sound and self.durations == [(1, 1)]


def require_index(read_at: ReadAt, size: int, limits: Limits) -> None:
    """Raise unless an MP4 is complete and its index claims no more than the file can hold.

    Raises
    ------
    CorruptSource, LimitExceeded, UnsupportedSource
    """
    tracks, entries, fragments, untabled = defaultdict[int, _Track](_Track), 0, 0, 0
    for box in boxes(read_at, size):
        track = tracks[box.track]
        kind = box.kind
        if kind == b"hdlr":
            track.kinds.add(read_at(box.start + 8, 4))
        elif kind in _SAMPLE_SIZES:
            _add_samples(track, read_at(box.start, 12), box, size)
        elif kind in _TABLES or kind in (b"sbgp", b"sgpd", b"saiz", b"sidx", b"pssh"):
            count, width = _count(read_at, box)
            _require_room(box, count, needed=count * width, room=box.stop - box.start)
            entries += count
            if width == 0:
                untabled += count
            if kind == b"trun":
                track.samples += count
            elif kind == b"stts":
                first = read_at(box.start + 12, 4)
                track.durations.append((count, int.from_bytes(first, "big")))
            elif kind == b"elst":
                track.edits += count
            elif kind == b"stsd":
                _require_no_strays(read_at, box)
            fragments += count if kind in (b"sidx", b"tfra") else 0
        fragments += kind == b"moof"
    _require_sum(tracks, entries, fragments, untabled, size, limits)


def _require_sum(
    tracks: dict[int, _Track],
    entries: int,
    fragments: int,
    untabled: int,
    size: int,
    limits: Limits,
) -> None:
    count = max(tracks, default=0)
    videos = sum(b"vide" in track.kinds for track in tracks.values())
    if count > _MOST_TRACKS or videos > _MOST_VIDEOS:
        raise LimitExceeded(
            f"the file has {count} tracks, {videos} of them video; the limits are {_MOST_TRACKS} "
            f"tracks, {_MOST_VIDEOS} of them video; keep one track of each kind: "
            "ffmpeg -i IN -c copy OUT.mp4"
        )
    held = entries * _ENTRY + fragments * (_FRAGMENT + count * _FRAGMENT_TRACK)
    samples = 0
    for track in tracks.values():
        counted = track.samples // _SAMPLES_A_BYTE if track.plain else track.samples
        if not track.plain:
            _require_few(track.samples, _MOST_SAMPLES_A_TRACK)
            untabled += track.untabled
        elif track.samples > _SAMPLES_A_BYTE * size:
            raise _too_many(track.samples, size)
        samples += counted
        held += track.edits * counted * _EDITED if track.edits > 1 else 0
    _require_few(samples, _MOST_SAMPLES)
    if untabled > size + _MOST_EMPTY:
        raise _too_many(untabled, size)
    require_memory(held + samples * _SAMPLE, limits, "FFmpeg's index of the file")


def _add_samples(track: _Track, head: bytes, box: Box, size: int) -> None:
    """Count the samples of a size table, which has one size for all of them or one for each."""
    each, count = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
    track.samples += count
    bits = each & 0xFF if box.kind == b"stz2" else 32
    if box.kind == b"stsz" and each:
        track.untabled += count
        if each > 1 and count * each > size and count <= _MOST_SAMPLES_A_TRACK:
            raise _too_many(count, size)
    elif count <= _MOST_SAMPLES_A_TRACK:
        _require_room(box, count, needed=count * bits, room=(box.stop - box.start - 12) * 8)


def _count(read_at: ReadAt, box: Box) -> tuple[int, int]:
    """Return the number of entries that a table claims, and the fewest bytes that each takes."""
    head = read_at(box.start, 24)
    version, flags = head[:1], int.from_bytes(head[1:4], "big")
    place, width = _TABLES.get(box.kind, (4, 0))
    length = 4
    match box.kind:
        case b"trun":
            width = 4 * (flags >> 8 & 15).bit_count()
        case b"elst" if version == b"\1":
            width = 20
        case b"sbgp":
            place, width = (12 if version == b"\1" else 8), 8
        case b"sgpd":
            place, width = (8 if version == b"\0" else 12), 1
        case b"saiz":
            place = 12 if flags & 1 else 4
            width = 0 if head[place : place + 1] != b"\0" else 1
            place += 1
        case b"sidx":  # FFmpeg makes each reference a fragment
            place, width, length = (22 if version == b"\0" else 30), 12, 2
            head += read_at(box.start + 24, 8)
        case b"pssh":  # key IDs, which version 0 does not have
            place, width, length = 20, 16, 0 if version == b"\0" else 4
        case b"iinf" if version == b"\0":
            length = 2
        case b"iloc" if version in (b"\0", b"\1"):
            length = 2
        case b"saio":
            place = 12 if flags & 1 else 4
        case _:
            pass
    return int.from_bytes(head[place : place + length], "big"), width


def _require_room(box: Box, count: int, *, needed: int, room: int) -> None:
    """Raise if a table claims more entries than fit in it: FFmpeg would read beyond its end.

    Parameters
    ----------
    box : Box
    count : int
        Entries that it claims.
    needed, room : int
        What these take, and what the table has; both in bytes, or both in bits.
    """
    if needed > room:
        _require_few(count, _MOST_SAMPLES_A_TRACK)
        name = box.kind.decode("latin-1")
        raise CorruptSource(
            f"the file's table {name!r} claims {count} entries, more than its "
            f"{box.stop - box.start} bytes can hold; replace it with an intact copy"
        )


def _require_no_strays(read_at: ReadAt, box: Box) -> None:
    """Raise if a sample description contains tables: no encoder writes these, but FFmpeg reads them."""
    if box.stop - box.start > _MOST_DESCRIPTION:
        raise LimitExceeded(
            f"the file's sample description has {box.stop - box.start} bytes, more than the limit of "
            f"{_MOST_DESCRIPTION}; encode it again: ffmpeg -i IN OUT.mp4"
        )
    content = read_at(box.start, box.stop - box.start)
    for stray in _STRAYS:
        if stray in content:
            raise UnsupportedSource(
                f"the file has a table {stray.decode()!r} inside its sample description, which is not "
                "supported; encode it again: ffmpeg -i IN OUT.mp4"
            )


def _require_few(samples: int, most: int) -> None:
    if samples > most:
        raise LimitExceeded(
            f"the file's index claims {samples} samples, more than the limit of {most}; if the file is "
            "intact, cut it into shorter parts"
        )


def _too_many(samples: int, size: int) -> CorruptSource:
    return CorruptSource(
        f"the file's index claims {samples} samples, more than {size} bytes can hold; replace it with "
        "an intact copy"
    )
