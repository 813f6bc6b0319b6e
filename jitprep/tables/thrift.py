"""`CompactReader`: reader of Thrift's compact protocol, in which Parquet's headers are written.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Iterator

from preprocessing import CorruptSource

# Types of values. Those of the two booleans are their values.
_BOOLEANS = frozenset({1, 2})
_BYTE, _DOUBLE, BINARY, LIST, SET, MAP, STRUCT = 3, 7, 8, 9, 10, 11, 12
_INTEGERS = frozenset({4, 5, 6})
# A varint of 64 bits has so many bytes.
_VARINT = 10
# Parquet's own structures are six deep.
_DEPTH = 16


class CompactReader:
    """Reader of one structure. What it does not understand, it refuses.

    Parameters
    ----------
    data : bytes
    at : int
        Where the structure begins.

    Attributes
    ----------
    at : int
        Where the next value begins.
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield number and type of each field of a structure. The caller reads or skips its value.

        Raises
        ------
        CorruptSource
            As all methods, where the data end too early, or do not follow the protocol.
        """
        number = 0
        while head := self._byte():
            delta = head >> 4
            number = number + delta if delta else self._signed()
            yield number, head & 15

    def integer(self, kind: int) -> int:
        """Return an integer of this type."""
        if kind not in _INTEGERS:
            raise self._wrong()
        return self._signed()

    def binary(self, kind: int) -> bytes:
        """Return a string of bytes."""
        if kind != BINARY:
            raise self._wrong()
        length = self._varint()
        start = self._pass(length)
        return self._data[start : self.at]

    def text(self, kind: int) -> str:
        """Return a string."""
        return self.binary(kind).decode("utf-8", "replace")

    def items(self, kind: int) -> Iterator[int]:
        """Yield the type of each item of a list. The caller reads or skips it."""
        count, item = self._list(kind)
        for _ in range(count):
            yield item

    def structure(self, kind: int) -> Iterator[tuple[int, int]]:
        """Yield the fields of a value that must be a structure."""
        if kind != STRUCT:
            raise self._wrong()
        return self.fields()

    def skip(self, kind: int, depth: int = 0, *, listed: bool = False) -> None:
        """Pass over a value. An item of a list has its booleans in bytes."""
        if depth > _DEPTH:
            raise CorruptSource("the table's footer is nested too deeply")
        if kind in _BOOLEANS:
            self._pass(int(listed))
        elif kind in _INTEGERS:
            self._varint()
        elif kind == BINARY:
            self._pass(self._varint())
        elif kind in {_BYTE, _DOUBLE}:
            self._pass(1 if kind == _BYTE else 8)
        elif kind in {LIST, SET}:
            count, item = self._list(kind)
            for _ in range(count):
                self.skip(item, depth + 1, listed=True)
        elif kind == STRUCT:
            for _, field in self.fields():
                self.skip(field, depth + 1)
        elif kind == MAP:
            self._skip_map(depth)
        else:
            raise self._wrong()

    def _skip_map(self, depth: int) -> None:
        count = self._bounded(self._varint())
        kinds = self._byte() if count else 0
        for _ in range(count):
            self.skip(kinds >> 4, depth + 1, listed=True)
            self.skip(kinds & 15, depth + 1, listed=True)

    def _list(self, kind: int) -> tuple[int, int]:
        if kind not in {LIST, SET}:
            raise self._wrong()
        head = self._byte()
        count = head >> 4
        return self._bounded(self._varint() if count == 15 else count), head & 15

    def _bounded(self, count: int) -> int:
        """Return a number of items, if there is at least a byte for each."""
        if count > len(self._data) - self.at:
            raise CorruptSource("the table's footer claims more items than it has bytes")
        return count

    def _signed(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        number = 0
        for place in range(_VARINT):
            byte = self._byte()
            number |= (byte & 127) << 7 * place
            if byte < 128:
                return number
        raise self._wrong()

    def _byte(self) -> int:
        return self._data[self._pass(1)]

    def _pass(self, length: int) -> int:
        """Pass over bytes, and return where they begin."""
        start = self.at
        if length > len(self._data) - start:
            raise CorruptSource("the table's footer, or the header of a page, ends within a value")
        self.at = start + length
        return start

    def _wrong(self) -> CorruptSource:
        return CorruptSource(
            f"the table's footer, or the header of a page, is damaged at its byte {self.at}"
        )
