"""The items of a HEIF file: their types, places and properties, with every count and offset checked.

References: ISO/IEC 14496-12, "ISO base media file format", and 23008-12, "Image File Format".
"""

from __future__ import annotations

import struct
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged, unsupported
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEEDED = (b"ftyp", b"meta", b"mdat", b"moov", b"idat")
_MOST = 2**17  # boxes, items, extents and references: a grid has 65,536 tiles at most

# Where the content of a box starts and stops.
_Extent = tuple[int, int]


@contextmanager
def within_boxes(name: str) -> Iterator[None]:
    """Raise CorruptSource where a box ends before what is read from it."""
    try:
        yield
    except (struct.error, IndexError):
        raise damaged(name, "a box is shorter than its content") from None


@frozen
class HeifItem:
    """An item.

    Parameters
    ----------
    number : int
    type : bytes
    extents : tuple of (int, int)
        Offset and length of each part of its data.
    uses : int
        How often grids refer to it, or 1.
    """

    number: int
    type: bytes
    extents: tuple[_Extent, ...]
    uses: int


@frozen
class HeifFile:
    """A file of this format.

    Parameters
    ----------
    name : str
        Of the format, for errors.
    data : bytes
    meta : (int, int)
        Place of the box that lists the items.
    """

    name: str
    data: bytes
    meta: _Extent

    @classmethod
    def of(cls, name: str, data: bytes) -> HeifFile:
        """Return the file.

        Raises
        ------
        CorruptSource
        UnsupportedSource
            If it has no items, as sequences may.
        """
        found = cls(name, data, (0, len(data)))
        meta = next((at for kind, at in found.boxes(0, len(data)) if kind == b"meta"), None)
        if meta is None:
            raise unsupported(name, "tracks but not a primary picture")
        return cls(name, data, meta)

    def boxes(self, at: int, end: int) -> Iterator[tuple[bytes, _Extent]]:
        """Yield the type of each box, and where its content starts and stops. Raises CorruptSource."""
        for _ in range(_MOST):
            if at + 8 > end:
                return
            checkpoint()
            size, kind = struct.unpack_from(">I4s", self.data, at)
            head = 8
            if size == 1:
                (size,) = struct.unpack_from(">Q", self.data, at + 8)
                head = 16
            stop = at + size if size else end
            if stop > end or (size and size < head):
                if kind not in _NEEDED:
                    return
                what = f"its box {kind.decode()} at byte {at} goes beyond the end"
                raise cut(self.name, what)
            yield kind, (at + head, stop)
            at = stop
        raise damaged(self.name, f"one of its boxes has more than {_MOST} boxes in it")

    def items(self) -> dict[int, HeifItem]:
        """Return the items by number. Raises CorruptSource, or struct.error for a box that is cut."""
        boxes = self._in_meta()
        if b"iloc" not in boxes or b"iinf" not in boxes:
            raise damaged(self.name, "its items have no locations or types")
        idat = boxes.get(b"idat", (0, 0))[0]
        places = self._places(*boxes[b"iloc"], idat)
        uses = Counter(number for _, numbers in self.references(b"dimg") for number in numbers)
        types = self._types(*boxes[b"iinf"])
        return {
            n: HeifItem(n, kind, places.get(n, ()), uses.get(n, 1)) for n, kind in types.items()
        }

    def primary(self) -> int:
        """Return the number of the primary item. Raises as `items`."""
        boxes = self._in_meta()
        if b"pitm" not in boxes:
            raise damaged(self.name, "it does not have a primary picture")
        at = boxes[b"pitm"][0]
        wide = "I" if self.data[at] else "H"
        (number,) = struct.unpack_from(f">{wide}", self.data, at + 4)
        return int(number)

    def properties(self) -> list[tuple[bytes, _Extent]]:
        """Return the properties of all items, to which items refer by number. Raises as `items`."""
        boxes = dict(self.boxes(*self._in_meta().get(b"iprp", (0, 0))))
        return list(self.boxes(*boxes[b"ipco"])) if b"ipco" in boxes else []

    def associations(self) -> dict[int, list[int]]:
        """Return the numbers of each item's properties, counted from 0. Raises as `items`."""
        found: dict[int, list[int]] = {}
        left = _MOST
        for kind, (at, _) in self.boxes(*self._in_meta().get(b"iprp", (0, 0))):
            if kind == b"ipma":
                left = self._associated(at, found, left)
        return found

    def references(self, kind: bytes) -> list[tuple[int, tuple[int, ...]]]:
        """Return the references of a kind, from an item to others. Raises as `items`."""
        boxes, found, total = self._in_meta(), [], 0
        if b"iref" not in boxes:
            return []
        at, end = boxes[b"iref"]
        wide = "H" if self.data[at] == 0 else "I"
        for name, (start, stop) in self.boxes(at + 4, end):
            if name != kind:
                continue
            source, count = struct.unpack_from(f">{wide}H", self.data, start)
            first = start + struct.calcsize(f">{wide}H")
            if first + count * struct.calcsize(wide) > stop:
                raise damaged(self.name, "its list of references is longer than its box")
            found.append((source, struct.unpack_from(f">{count}{wide}", self.data, first)))
            total += count
            if total > _MOST:
                raise damaged(self.name, f"more than {_MOST} references")
        return found

    def bytes_of(self, item: HeifItem) -> bytes:
        """Return the data of an item."""
        return b"".join(self.data[at : at + size] for at, size in item.extents)

    def _in_meta(self) -> dict[bytes, _Extent]:
        at, end = self.meta
        return dict(reversed(list(self.boxes(at + 4, end))))

    def _associated(self, at: int, found: dict[int, list[int]], left: int) -> int:
        version, wide = self.data[at], self.data[at + 3] & 1
        (count,) = struct.unpack_from(">I", self.data, at + 4)
        at += 8
        for _ in range(count):
            (number,) = struct.unpack_from(">I" if version else ">H", self.data, at)
            at += 4 if version else 2
            (properties,) = struct.unpack_from(">B", self.data, at)
            left -= 1 + properties
            if left < 0:
                raise damaged(self.name, f"more than {_MOST} associations of properties")
            numbers = struct.unpack_from(f">{properties}{'H' if wide else 'B'}", self.data, at + 1)
            at += 1 + properties * (1 + wide)
            mask = 0x7FFF if wide else 0x7F  # the highest bit says whether it is essential
            found.setdefault(number, []).extend((n & mask) - 1 for n in numbers)
        return left

    def _types(self, at: int, end: int) -> dict[int, bytes]:
        first = at + (6 if self.data[at] == 0 else 8)
        types = {}
        for kind, (start, _) in self.boxes(first, end):
            version = self.data[start]
            if kind == b"infe" and version >= 2:
                form = ">HH4s" if version == 2 else ">IH4s"
                number, _, name = struct.unpack_from(form, self.data, start + 4)
                types[number] = name
        return types

    def _places(self, at: int, end: int, idat: int) -> dict[int, tuple[_Extent, ...]]:
        data, version = self.data, self.data[at]
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
                raise damaged(self.name, "its table of item locations is longer than its box")
            left -= extents
            if left < 0:
                raise damaged(self.name, f"more than {_MOST} items and extents")
            parts = []
            for _ in range(extents):
                place = start + int.from_bytes(data[at + index : at + index + offset])
                at += index + offset + length
                size = int.from_bytes(data[at - length : at])
                if place + size > len(data):
                    raise cut(self.name, "a coded picture goes beyond the end")
                parts.append((place, size or len(data) - place))
            places[number] = tuple(parts)
        return places
