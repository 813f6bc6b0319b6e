"""A Parquet table's footer: its columns and row groups, read and checked before pyarrow sees them.

https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jitprep.tables.thrift import CompactReader
from preprocessing import CorruptSource, LimitExceeded, UnknownFormat, UnsupportedSource

MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
# What follows the footer: its length, and the magic bytes.
TRAILER = 8
# Tables of a million row groups and columns have less.
MOST_FOOTER = 16 * 2**20
_MOST_COLUMNS, _MOST_DEPTH = 2**14, 32
# Every row is a key in memory.
_MOST_ROWS = 2**28
# Physical type, and how often a field occurs.
BYTE_ARRAY, _REPEATED = 6, 2
_ELSEWHERE = (
    "the table is encrypted, or some of its columns are in other files; write it as one plain file"
)


class ColumnChunk(NamedTuple):
    """The values of one column in one row group.

    Parameters
    ----------
    start : int
        Where its pages begin in the file.
    stored, unpacked : int
        Bytes in the file, and without compression.
    values : int
        Number of values; of rows, if the column is not a list.
    """

    start: int
    stored: int
    unpacked: int
    values: int


class RowGroup(NamedTuple):
    """A row group: its number of rows, and a chunk of each column.

    Parameters
    ----------
    rows : int
    chunks : tuple of ColumnChunk
    """

    rows: int
    chunks: tuple[ColumnChunk, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column as it is stored: a field of a table, or of a structure in it.

    Parameters
    ----------
    path : tuple of str
        Names, from the table's field down.
    physical : int
        Parquet's type.
    plain : bool
        Whether the values have no other meaning than their type's, such as text or a decimal number.
    repeated : bool
        Whether it is in a list.
    """

    path: tuple[str, ...]
    physical: int
    plain: bool
    repeated: bool


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer says.

    Parameters
    ----------
    rows : int
    leaves : tuple of Leaf
    groups : tuple of RowGroup
    metadata : dict of str to bytes
        Of the schema, such as ``huggingface``.
    """

    rows: int
    leaves: tuple[Leaf, ...]
    groups: tuple[RowGroup, ...]
    metadata: dict[str, bytes] = field(repr=False)


def footer_length(trailer: bytes, size: int, most: int = MOST_FOOTER) -> int:
    """Return the length of a footer, from the end of a file of `size` bytes.

    Raises
    ------
    UnknownFormat, UnsupportedSource, CorruptSource, LimitExceeded
    """
    magic = trailer[-4:]
    if magic == _ENCRYPTED:
        raise UnsupportedSource(_ELSEWHERE)
    if size < len(MAGIC) + TRAILER or magic != MAGIC:
        raise UnknownFormat("the file does not end as a Parquet table does; it may be cut short")
    length = int.from_bytes(trailer[-TRAILER:-4], "little")
    if length > size - TRAILER - len(MAGIC):
        raise CorruptSource(f"the table's footer claims {length} bytes, and the file has {size}")
    if length > most:
        raise LimitExceeded(
            f"the table's footer has {length} bytes, and the limit is {most}; write several tables"
        )
    return length


def parse_footer(data: bytes, before: int) -> Footer:
    """Read a footer.

    Parameters
    ----------
    data : bytes
    before : int
        Bytes of the file before the footer, where all pages must be.

    Raises
    ------
    CorruptSource, UnsupportedSource, LimitExceeded
    """
    reader = CompactReader(data)
    rows, leaves = -1, None
    groups: list[RowGroup] = []
    metadata: dict[str, bytes] = {}
    for number, kind in reader.fields():
        if number == 2 and leaves is None:
            leaves = _leaves([_element(reader, item) for item in reader.items(kind)])
        elif number == 3:
            rows = reader.integer(kind)
        elif number == 4 and leaves is not None and not groups:
            groups = [_group(reader, item, leaves, before) for item in reader.items(kind)]
        elif number == 5:
            metadata |= dict(_pair(reader, item) for item in reader.items(kind))
        elif number == 8:
            raise UnsupportedSource(_ELSEWHERE)
        else:
            reader.skip(kind)
    if leaves is None or rows != sum(group.rows for group in groups):
        raise CorruptSource("the table's number of rows is not that of its row groups")
    if rows > _MOST_ROWS:
        raise LimitExceeded(f"the table has {rows} rows, and the limit is {_MOST_ROWS}")
    return Footer(rows, leaves, tuple(groups), metadata)


class _Element(NamedTuple):
    name: str
    physical: int | None
    plain: bool
    repeated: bool
    children: int


def _element(reader: CompactReader, kind: int) -> _Element:
    name, physical, plain, repeated, children = "", None, True, False, 0
    for number, value in reader.structure(kind):
        if number == 1:
            physical = reader.integer(value)
        elif number == 3:
            repeated = reader.integer(value) == _REPEATED
        elif number == 4:
            name = reader.text(value)
        elif number == 5:
            children = reader.integer(value)
        else:
            plain = plain and number not in {6, 10}  # the converted and the logical type
            reader.skip(value)
    return _Element(name, physical, plain, repeated, children)


def _leaves(elements: list[_Element]) -> tuple[Leaf, ...]:
    """Return the columns of a schema, whose elements are in the order of a walk through its tree."""
    if len(elements) > _MOST_COLUMNS:
        raise LimitExceeded(
            f"the table has {len(elements)} columns, and the limit is {_MOST_COLUMNS}"
        )
    found: list[Leaf] = []
    # The structures that the walk is in: how many fields are left of each, its path, and if in a list.
    inside: list[tuple[int, tuple[str, ...], bool]] = [(1, (), False)]
    for place, element in enumerate(elements):
        while inside and not inside[-1][0]:
            inside.pop()
        if not inside or len(inside) > _MOST_DEPTH or element.children < 0:
            raise CorruptSource("the table's schema is damaged, or nested too deeply")
        left, path, repeated = inside[-1]
        inside[-1] = left - 1, path, repeated
        if place:  # the root has no name of its own
            path, repeated = (*path, element.name), repeated or element.repeated
        if element.children:
            inside.append((element.children, path, repeated))
        elif element.physical is not None:
            found.append(Leaf(path, element.physical, element.plain, repeated))
    if any(left for left, _, _ in inside):
        raise CorruptSource("the table's schema lacks columns")
    if len({".".join(leaf.path) for leaf in found}) < len(found):
        raise UnsupportedSource("two columns of the table have the same name; rename one of them")
    return tuple(found)


def _group(reader: CompactReader, kind: int, leaves: tuple[Leaf, ...], before: int) -> RowGroup:
    rows = -1
    chunks: tuple[ColumnChunk, ...] = ()
    for number, value in reader.structure(kind):
        if number == 1:
            chunks = tuple(_chunk(reader, item) for item in reader.items(value))
        elif number == 3:
            rows = reader.integer(value)
        else:
            reader.skip(value)
    if rows < 0 or len(chunks) != len(leaves):
        raise CorruptSource("a row group of the table does not have the columns of its schema")
    if not rows:  # nothing of it is read, and writers put any place here
        return RowGroup(0, chunks)
    for chunk, leaf in zip(chunks, leaves, strict=True):
        inside = len(MAGIC) <= chunk.start <= before - chunk.stored
        counted = chunk.values >= 0 if leaf.repeated else chunk.values == rows
        if not inside or not counted or min(chunk.stored, chunk.unpacked) < 0:
            raise CorruptSource(
                f"the footer's place or size of the column {'.'.join(leaf.path)} is impossible"
            )
    return RowGroup(rows, chunks)


def _chunk(reader: CompactReader, kind: int) -> ColumnChunk:
    found = None
    for number, value in reader.structure(kind):
        if number == 3:
            found = _place(reader, value)
        elif number in {1, 8, 9}:  # another file; encryption
            raise UnsupportedSource(_ELSEWHERE)
        else:
            reader.skip(value)
    if found is None:
        raise UnsupportedSource(_ELSEWHERE)
    return found


def _place(reader: CompactReader, kind: int) -> ColumnChunk:
    known = {}
    for number, value in reader.structure(kind):
        if number in {5, 6, 7, 9, 11}:
            known[number] = reader.integer(value)
        else:
            reader.skip(value)
    try:
        values, unpacked, stored, start = (known[number] for number in (5, 6, 7, 9))
    except KeyError:
        raise CorruptSource("the table's footer does not say where a column is") from None
    dictionary = known.get(11, 0)
    return ColumnChunk(
        min(start, dictionary) if dictionary > 0 else start, stored, unpacked, values
    )


def _pair(reader: CompactReader, kind: int) -> tuple[str, bytes]:
    name, content = "", b""
    for number, value in reader.structure(kind):
        if number == 1:
            name = reader.text(value)
        elif number == 2:
            content = reader.binary(value)
        else:
            reader.skip(value)
    return name, content
