"""What the pages of a column chunk expand to, by their own headers, before they are decoded."""

from __future__ import annotations

from typing import NamedTuple

from jitprep.tables.footer import ColumnChunk
from jitprep.tables.thrift import STRUCT, CompactReader
from preprocessing import CorruptSource

# Types of pages, by the field of a page's header that describes each.
_DATA, _DICTIONARY, _DATA_2 = 5, 7, 8
_BY_DICTIONARY = frozenset({2, 8})  # encodings that refer to the dictionary
_DELTA_STRINGS = 7  # the encoding of strings by what they share with the one before
# What a value takes beside its bytes: its offset, its levels and its validity.
_VALUE = 16


class PageTotals(NamedTuple):
    """What decoding a chunk takes, in bytes at most.

    Parameters
    ----------
    plain : int
        Of what is not in the dictionary, and of the dictionary once.
    referred : int
        Of what refers to the dictionary, if each value were its largest.
    """

    plain: int
    referred: int


class _Page(NamedTuple):
    unpacked: int
    stored: int
    kind: int
    values: int
    encoding: int


def page_totals(data: bytes, chunk: ColumnChunk, name: str) -> PageTotals:
    """Add up the pages of a chunk.

    Parameters
    ----------
    data : bytes
        Of the chunk.
    chunk : ColumnChunk
    name : str
        Of the column, for messages.

    Raises
    ------
    CorruptSource
        Where the pages do not fill the chunk, or have other values than the footer says.
    """
    reader = CompactReader(data)
    plain = referred = dictionary = values = 0
    while reader.at < len(data) and values < chunk.values:
        page = _page(reader)
        reader.at += page.stored
        if reader.at > len(data):
            raise CorruptSource(f"a page of the column {name} ends after its row group")
        plain += page.unpacked + _VALUE * page.values
        if page.kind == _DICTIONARY:
            dictionary = max(dictionary, page.unpacked)
            continue
        values += page.values
        if page.encoding in _BY_DICTIONARY:
            referred += page.values * dictionary
        elif page.encoding == _DELTA_STRINGS:
            plain += page.values * page.unpacked
    if values != chunk.values:
        raise CorruptSource(
            f"the pages of the column {name} have {values} values, and the footer says {chunk.values}"
        )
    return PageTotals(plain, referred)


def _page(reader: CompactReader) -> _Page:
    unpacked = stored = -1
    kind = values = encoding = 0
    for number, value in reader.fields():
        if number == 2:
            unpacked = reader.integer(value)
        elif number == 3:
            stored = reader.integer(value)
        elif number in {_DATA, _DICTIONARY, _DATA_2}:
            kind = number
            values, encoding = _described(reader, value, 4 if number == _DATA_2 else 2)
        else:
            reader.skip(value)
    if min(unpacked, stored, values) < 0:
        raise CorruptSource("the header of a page is damaged: a size is missing or negative")
    return _Page(unpacked, stored, kind, values, encoding)


def _described(reader: CompactReader, kind: int, encoded_by: int) -> tuple[int, int]:
    """Return the number of values of a page, and their encoding, which is the field `encoded_by`."""
    if kind != STRUCT:
        raise CorruptSource("the header of a page is damaged")
    values = encoding = 0
    for number, value in reader.fields():
        if number == 1:
            values = reader.integer(value)
        elif number == encoded_by:
            encoding = reader.integer(value)
        else:
            reader.skip(value)
    return values, encoding
