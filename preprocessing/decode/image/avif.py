"""AVIF decoder: the boxes are parsed here; libavif, through Pillow, decodes the primary picture.

AV1 has no checksums, so damaged pixels cannot be detected; only lengths and offsets are checked against
the file. Of an image sequence the primary picture is decoded, which is the first. References: AV1 Image
File Format 1.1; ISO/IEC 14496-12 and 23008-12; AV1 Bitstream Specification, 5.5.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image import pillow
from preprocessing.decode.image.av1 import frame_size
from preprocessing.decode.image.faults import cut, damaged, unsupported
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.orientation import orientation_of
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.media import Array

_NEEDED = (b"ftyp", b"meta", b"mdat", b"moov", b"idat")
# Most coded pixels (alpha and the tiles of a grid included) per pixel shown, and the number that is
# always allowed, because the blocks and tiles of a small picture may be larger than the picture.
_CODED, _SMALL = 8, 2**20
_MOST = 2**17  # boxes, items, extents and references: a grid has 65,536 tiles at most
_HEAD = 1024  # bytes of a coded picture that are searched for its sequence header
# Bytes per pixel shown (libavif's RGB, Pillow's copy and image, and two of ours), and per pixel coded
# (planes of 8 bits or more).
_HELD, _HELD_CODED = 20, 6


@frozen
class _Item:
    """The type of an item, and the offset and length of each of its extents."""

    type: bytes
    extents: tuple[tuple[int, int], ...]


def probe(data: bytes) -> ImageHeader:
    """Read the header, without decoding pixels.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    coded = _coded(data)
    image = pillow.open_image(_primary(data), "Avif")
    shown = image.width * image.height
    if coded > _CODED * shown + _SMALL:
        raise damaged("AVIF", f"{coded} coded pixels for a picture of {shown}")
    held = _HELD * shown + _HELD_CODED * coded + 2 * len(data)
    return ImageHeader(
        "avif", (image.height, image.width), orientation_of(image), image.mode, held=held
    )


def decode(data: bytes) -> Array:
    """Decode to uint8, (H, W, 3), before orientation. Raises the errors of `probe`."""
    return pillow.decode(_primary(data), "Avif")


def _primary(data: bytes) -> bytes:
    """Return the file with a brand that makes libavif decode the primary picture, not a track."""
    return data[:8] + b"avif" + data[12:]


def _coded(data: bytes) -> int:
    """Return the number of pixels in all coded pictures that decoding may need."""
    try:
        meta = next((body for kind, body in _boxes(data, 0, len(data)) if kind == b"meta"), None)
        if meta is None:
            raise unsupported("AVIF", "tracks but not a primary picture")
        items, references = _items(data, *meta)
        return sum(
            references.get(number, 1) * _area(data, item)
            for number, item in items.items()
            if item.type == b"av01"
        )
    except struct.error:
        raise damaged("AVIF", "a box is shorter than its content") from None


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield the type of each box, and where its content starts and stops."""
    for _ in range(_MOST):
        if at + 8 > end:
            return
        checkpoint()
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        stop = at + size if size else end
        if stop > end or (size and size < head):
            if kind not in _NEEDED:
                return
            raise cut("AVIF", f"its box {kind.decode()} at byte {at} goes beyond the end")
        yield kind, (at + head, stop)
        at = stop
    raise damaged("AVIF", f"one of its boxes has more than {_MOST} boxes in it")


def _items(data: bytes, at: int, end: int) -> tuple[dict[int, _Item], dict[int, int]]:
    """Return the items by number, and how often a grid refers to each."""
    boxes = dict(reversed(list(_boxes(data, at + 4, end))))
    if b"iloc" not in boxes or b"iinf" not in boxes:
        raise damaged("AVIF", "its items have no locations or types")
    types = _types(data, *boxes[b"iinf"])
    idat = boxes.get(b"idat", (0, 0))[0]
    places = _places(data, *boxes[b"iloc"], idat)
    references = _references(data, *boxes[b"iref"]) if b"iref" in boxes else {}
    return {n: _Item(kind, places.get(n, ())) for n, kind in types.items()}, references


def _types(data: bytes, at: int, end: int) -> dict[int, bytes]:
    first = at + (6 if data[at] == 0 else 8)
    types = {}
    for kind, (start, _) in _boxes(data, first, end):
        version = data[start]
        if kind == b"infe" and version >= 2:
            number, _, name = struct.unpack_from(
                ">HH4s" if version == 2 else ">IH4s", data, start + 4
            )
            types[number] = name
    return types


def _places(data: bytes, at: int, end: int, idat: int) -> dict[int, tuple[tuple[int, int], ...]]:
    version = data[at]
    sizes = struct.unpack_from(">H", data, at + 4)[0]
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    index *= version > 0
    wide = "I" if version == 2 else "H"
    (count,) = struct.unpack_from(f">{wide}", data, at + 6)
    at += 6 + struct.calcsize(wide)
    places, left = {}, _MOST - count
    for _ in range(count if left >= 0 else _MOST):
        (number,) = struct.unpack_from(f">{wide}", data, at)
        at += struct.calcsize(wide)
        method = struct.unpack_from(">H", data, at)[0] & 15 if version else 0
        at += 2 + 2 * (version > 0)
        start = int.from_bytes(data[at : at + base]) + (idat if method == 1 else 0)
        (extents,) = struct.unpack_from(">H", data, at + base)
        at += base + 2
        if at + extents * (index + offset + length) > end:
            raise damaged("AVIF", "its table of item locations is longer than its box")
        left -= extents
        if left < 0:
            raise damaged("AVIF", f"more than {_MOST} items and extents")
        parts = []
        for _ in range(extents):
            place = start + int.from_bytes(data[at + index : at + index + offset])
            at += index + offset + length
            size = int.from_bytes(data[at - length : at])
            if place + size > len(data):
                raise cut("AVIF", "a coded picture goes beyond the end")
            parts.append((place, size or len(data) - place))
        places[number] = tuple(parts)
    return places


def _references(data: bytes, at: int, end: int) -> dict[int, int]:
    wide = "H" if data[at] == 0 else "I"
    counts, total = dict[int, int](), 0
    for kind, (start, stop) in _boxes(data, at + 4, end):
        if kind != b"dimg":
            continue
        _, count = struct.unpack_from(f">{wide}H", data, start)
        first = start + struct.calcsize(f">{wide}H")
        if first + count * struct.calcsize(wide) > stop:
            raise damaged("AVIF", "its list of references is longer than its box")
        for number in struct.unpack_from(f">{count}{wide}", data, first):
            counts[number] = counts.get(number, 0) + 1
        total += count
        if total > _MOST:
            raise damaged("AVIF", f"more than {_MOST} references")
    return counts


def _area(data: bytes, item: _Item) -> int:
    """Return the number of pixels in a coded picture, from its sequence header."""
    starts = (data[place : place + min(size, _HEAD)] for place, size in item.extents[:8])
    width, height = frame_size(b"".join(starts))
    return width * height
