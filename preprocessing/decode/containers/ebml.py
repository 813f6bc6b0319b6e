"""The elements in the header of a Matroska or WebM file: RFC 8794 and RFC 9559."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEGMENT, CLUSTER, SEEK_HEAD = 0x18538067, 0x1F43B675, 0x114D9B74
INFO, TRACKS, CUES, TAGS, CHAPTERS = 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1254C367, 0x1043A770
ATTACHMENTS = 0x1941A469
ENTRY, TRACK_TYPE, SEEK, SEEK_ID, SEEK_POSITION = 0xAE, 0x83, 0x4DBB, 0x53AB, 0x53AC
VIDEO, SOUND = 1, 2
_LARGEST = 8
# Most elements that are read of one list in the header.
_MOST = 4096


class EbmlElement(NamedTuple):
    """An element: its ID, and where its content starts and stops; None if its length is unknown."""

    name: int
    start: int
    stop: int | None


def element(read_at: Callable[[int, int], bytes], place: int) -> EbmlElement | None:
    """Return the element at an offset; None if none begins there."""
    head = read_at(place, 12)
    width = _LARGEST + 1 - (head[0] if head else 0).bit_length()
    if width > 4:
        return None
    length, more = number(head, width)
    if not more:
        return None
    start = place + width + more
    unknown = length == 2 ** (7 * more) - 1
    return EbmlElement(
        int.from_bytes(head[:width], "big"), start, None if unknown else start + length
    )


def number(data: bytes, place: int) -> tuple[int, int]:
    """Return a variable-length number and its length in bytes, given by its leading zero bits.

    Both are 0 if the data do not have such a number.
    """
    first = data[place] if place < len(data) else 0
    width = _LARGEST + 1 - first.bit_length()
    if width > _LARGEST or place + width > len(data):
        return 0, 0
    return int.from_bytes(data[place : place + width], "big") & (2 ** (7 * width) - 1), width


def elements(
    read_at: Callable[[int, int], bytes], start: int, stop: int, most: int = _MOST
) -> Iterator[EbmlElement]:
    """Yield the elements between two offsets, at most `most` of them."""
    for _ in range(most):
        if start >= stop or (found := element(read_at, start)) is None:
            return
        checkpoint()
        yield found
        if found.stop is None:
            return
        start = found.stop


def segment(read_at: Callable[[int, int], bytes]) -> EbmlElement | None:
    """Return the segment, which is the whole file after the EBML header."""
    header = element(read_at, 0)
    if header is None or header.stop is None:
        return None
    found = element(read_at, header.stop)
    return found if found is not None and found.name == SEGMENT else None


def header_elements(read_at: Callable[[int, int], bytes], size: int) -> Iterator[EbmlElement]:
    """Yield the segment's elements before the first cluster, and those that its seek heads point to."""
    whole = segment(read_at)
    if whole is None:
        return
    named, seen = list[int](), set[int]()
    for found in elements(read_at, whole.start, size):
        if found.name == CLUSTER:
            break
        seen.add(found.start)
        yield found
        if found.name == SEEK_HEAD and found.stop is not None:
            named += _seeks(read_at, found, whole.start)
    while named:
        place = named.pop()
        other = element(read_at, place) if place < size else None
        if other is None or other.start in seen or other.name == CLUSTER:
            continue
        seen.add(other.start)
        yield other
        if other.name == SEEK_HEAD and other.stop is not None and len(seen) < _MOST:
            named += _seeks(read_at, other, whole.start)


def track_types(read_at: Callable[[int, int], bytes], tracks: EbmlElement) -> Iterator[int]:
    """Yield the type of each track in a list of tracks; 0 for a track without one."""
    for entry in elements(read_at, tracks.start, tracks.stop or tracks.start):
        if entry.name != ENTRY:
            continue
        kind = 0
        for field in elements(read_at, entry.start, entry.stop or entry.start, 64):
            if field.name == TRACK_TYPE and field.stop is not None:
                kind = int.from_bytes(read_at(field.start, min(field.stop - field.start, 8)), "big")
        yield kind


def _seeks(read_at: Callable[[int, int], bytes], head: EbmlElement, origin: int) -> Iterator[int]:
    for seek in elements(read_at, head.start, head.stop or head.start):
        for field in elements(read_at, seek.start, seek.stop or seek.start, 8):
            if seek.name == SEEK and field.name == SEEK_POSITION and field.stop is not None:
                length = min(field.stop - field.start, 8)
                yield origin + int.from_bytes(read_at(field.start, length), "big")
