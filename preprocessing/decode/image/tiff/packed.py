"""The packed bytes of a TIFF's strips and tiles, after a check of their number, offsets and lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode.image.faults import cut, damaged
from preprocessing.decode.image.tiff.layout import RAW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.decode.image.tiff.fields import Directory
    from preprocessing.decode.image.tiff.layout import TiffLayout
    from preprocessing.media import Array

_PADDED = 4096  # bytes: a page


def packed_segments(fields: Directory, found: TiffLayout) -> Iterator[memoryview]:
    """Yield the packed bytes of each strip or tile, in the order of `TiffLayout.places`.

    Raises
    ------
    CorruptSource
        If their number does not fit the picture's size, or one goes beyond the file.
    """
    count = found.planes * -(-found.width // found.across) * -(-found.height // found.rows)
    tags = (324, 325) if found.tiled and 324 in fields else (273, 279)
    listed = fields.fields[tags[0]].count if tags[0] in fields else 0
    if listed != count:
        raise damaged("TIFF", f"it has {listed} strips or tiles, but its size needs {count}")
    offsets = fields.numbers(tags[0], count)
    lengths = _lengths(fields, found, tags[1], offsets)
    view = memoryview(fields.data)
    used = sum(1 for _ in found.places())
    for offset, length in zip(offsets[:used].tolist(), lengths[:used].tolist(), strict=True):
        if offset + length > len(view):
            raise cut("TIFF", f"the strip or tile at byte {offset} goes beyond the end")
        yield view[offset : offset + length]


def _lengths(fields: Directory, found: TiffLayout, tag: int, offsets: Array) -> Array:
    size = len(fields.data)
    lengths = fields.numbers(tag, len(offsets))
    if len(lengths) not in (0, len(offsets)):
        raise damaged("TIFF", f"it has {len(offsets)} strips or tiles, but {len(lengths)} lengths")
    if found.compression == RAW:
        wanted = np.array([rows for *_, rows in found.places()], np.uint64) * found.row_bytes
        given = lengths[: len(wanted)]
        # Some writers leave the lengths out, or write zeros.
        if len(given) and ((given < wanted) & (given > 0)).any():
            raise damaged("TIFF", "a strip or tile has fewer bytes than its pixels need")
        # The last strip may be as long as the others, and some writers pad strips.
        if len(given) and (given > 2 * found.rows * found.row_bytes + _PADDED).any():
            raise damaged("TIFF", "a strip or tile has far more bytes than its pixels need")
        return wanted
    if not len(lengths) and len(offsets) == 1 and offsets[0] < size:
        return size - offsets
    if not lengths.all() or not len(lengths):
        raise damaged("TIFF", "the length of a strip or tile is missing")
    if (lengths > size).any() or int(lengths.sum()) > size:
        raise cut("TIFF", "its strips or tiles have more bytes than the file")
    return lengths
