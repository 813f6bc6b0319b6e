"""The first directory of a TIFF: its fields are located here, and their values read on demand.

References: Adobe, TIFF Revision 6.0; BigTIFF: https://www.awaresystems.be/imaging/tiff/bigtiff.html
"""

from __future__ import annotations

import struct

import numpy as np

from preprocessing.decode.image.faults import cut, damaged
from preprocessing.frozen import frozen

# NumPy types of the integer field types (BYTE, SHORT, LONG, IFD, LONG8, IFD8), and sizes of the others.
_WHOLE = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
_SIZES = {2: 1, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 17: 8}
_RATIONAL = 5
_MOST_FIELDS = 2**16


@frozen
class Field:
    """A field: the type and number of its values, and their offset in the file."""

    type: int
    count: int
    at: int


@frozen
class Directory:
    """A directory: its fields by tag.

    Parameters
    ----------
    data : bytes
        The whole file.
    order : {"<", ">"}
        Its byte order.
    fields : dict of int to Field
    """

    data: bytes
    order: str
    fields: dict[int, Field]

    def __contains__(self, tag: int) -> bool:
        return tag in self.fields

    def numbers(self, tag: int, most: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        """Return the integers of a field; empty if it is missing.

        Raises
        ------
        CorruptSource
            If it has another type, or more than `most` values, or goes beyond the file.
        """
        field = self.fields.get(tag)
        if field is None:
            return np.empty(0, np.uint64)
        if field.type not in _WHOLE or not 0 < field.count <= most:
            raise damaged("TIFF", f"field {tag} has {field.count} values of type {field.type}")
        kind = np.dtype(self.order + _WHOLE[field.type])
        self._require(tag, field, kind.itemsize)
        return np.frombuffer(self.data, kind, field.count, field.at).astype(np.uint64)

    def number(self, tag: int, default: int) -> int:
        """Return the first integer of a field. Raises the errors of `numbers`."""
        numbers = self.numbers(tag, 64)
        return int(numbers[0]) if len(numbers) else default

    def fractions(self, tag: int) -> tuple[float, ...]:
        """Return the fractions of a field; empty if it is missing. Raises the errors of `numbers`."""
        field = self.fields.get(tag)
        if field is None:
            return ()
        if field.type != _RATIONAL or field.count > 64:
            raise damaged("TIFF", f"field {tag} has {field.count} values of type {field.type}")
        self._require(tag, field, 8)
        parts = struct.unpack_from(f"{self.order}{2 * field.count}I", self.data, field.at)
        return tuple(a / b if b else 0.0 for a, b in zip(parts[::2], parts[1::2], strict=True))

    def text(self, tag: int) -> bytes:
        """Return the bytes of a field; empty if it is missing. Raises the errors of `numbers`."""
        field = self.fields.get(tag)
        if field is None:
            return b""
        if field.type not in (1, 2, 7):
            raise damaged("TIFF", f"field {tag} has values of type {field.type}")
        self._require(tag, field, 1)
        return self.data[field.at : field.at + field.count]

    def _require(self, tag: int, field: Field, size: int) -> None:
        if field.at + field.count * size > len(self.data):
            raise cut("TIFF", f"field {tag} is beyond the end")


def directory(data: bytes) -> Directory:
    """Return the first directory of a file.

    Raises
    ------
    CorruptSource
    """
    order = "<" if data.startswith(b"II") else ">"
    try:
        big = struct.unpack_from(order + "H", data, 2)[0] == 43
        return Directory(data, order, _fields(data, order, big=big))
    except struct.error:
        raise cut("TIFF", "its directory is beyond the end") from None


def _fields(data: bytes, order: str, *, big: bool) -> dict[int, Field]:
    if big and struct.unpack_from(order + "HH", data, 4) != (8, 0):
        raise damaged("TIFF", "its BigTIFF header has wrong constants")
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    if at + 8 > len(data):
        raise cut("TIFF", "its directory is beyond the end")
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    if not 0 < count <= _MOST_FIELDS:
        raise damaged("TIFF", f"its directory claims {count} fields")
    at += 8 if big else 2
    entry = struct.Struct(order + ("HHQ8x" if big else "HHI4x"))
    inline = 8 if big else 4
    if at + count * entry.size > len(data):
        raise cut("TIFF", "its directory goes beyond the end")
    fields: dict[int, Field] = {}
    for place in range(at, at + count * entry.size, entry.size):
        tag, kind, values = entry.unpack_from(data, place)
        size = int(_WHOLE[kind][1]) if kind in _WHOLE else _SIZES.get(kind)
        if size is None:  # a type of a later version: treat the field as missing
            continue
        value = place + entry.size - inline
        if size * values > inline:
            (value,) = struct.unpack_from(order + ("Q" if big else "I"), data, value)
        field = Field(kind, values, value)
        if fields.setdefault(tag, field) != field:
            raise damaged("TIFF", f"it has field {tag} twice")
    return fields
