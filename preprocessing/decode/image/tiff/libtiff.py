"""LZW and ZSTD decompression by libtiff, from a TIFF that is written here.

That TIFF is a gray picture in which each unpacked byte is a pixel. Its number of strips, and their
offsets and sizes, are right whatever the original says. So libtiff does not warn: it fails if data are
missing or invalid.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.tiff.layout import LZW, ZSTD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.decode.image.tiff.layout import TiffLayout

GROUP = 16 * 2**20  # bytes that are unpacked in one call


def by_libtiff(
    packed: Iterator[memoryview], rows: list[int], layout: TiffLayout
) -> Iterator[memoryview]:
    """Yield the unpacked bytes of each strip or tile.

    Parameters
    ----------
    packed : iterator of memoryview
        The packed bytes of each strip or tile.
    rows : list of int
        The rows of each, of `layout.row_bytes`.
    layout : TiffLayout

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    together = max(GROUP // (layout.row_bytes * layout.rows), 1)
    group: list[memoryview] = []
    counts: list[int] = []
    for piece, count in zip(packed, rows, strict=False):
        _require_known(piece, layout, count)
        group.append(piece)
        counts.append(count)
        if len(group) == together or count < layout.rows:
            yield from _unpacked(group, counts, layout)
            group, counts = [], []
    if group:
        yield from _unpacked(group, counts, layout)


def _require_known(piece: memoryview, layout: TiffLayout, rows: int) -> None:
    if layout.compression == LZW and len(piece) > 1 and not piece[0] and piece[1] & 1:
        raise unsupported("TIFF", "LZW compression from before TIFF 6.0")
    if layout.compression == ZSTD:
        _require_zstd(piece, rows * layout.row_bytes)


def _require_zstd(piece: memoryview, wanted: int) -> None:
    """Raise unless a frame has the wanted size and no checksum (libtiff ignores it): RFC 8878, 3.1.1."""
    if len(piece) < 5 or bytes(piece[:4]) != b"\x28\xb5\x2f\xfd":
        raise damaged("TIFF", "a strip or tile is not ZSTD")
    descriptor = piece[4]
    if descriptor & 4:
        raise unsupported("TIFF", "ZSTD compression with checksums")
    single, code = descriptor >> 5 & 1, descriptor >> 6
    width = (1 << code) if code else single
    at = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    size = int.from_bytes(piece[at : at + width], "little") + 256 * (width == 2)
    if width and size != wanted:
        raise damaged("TIFF", f"a strip or tile has {size} bytes instead of {wanted}")


def _unpacked(
    group: list[memoryview], counts: list[int], layout: TiffLayout
) -> Iterator[memoryview]:
    from preprocessing.decode.image.tiff.reader import UnlimitedTiff  # noqa: PLC0415  heavy

    checkpoint()
    try:
        image = UnlimitedTiff(BytesIO(_written(group, counts, layout)))
        image.load()
    except MemoryError:
        raise
    except Exception:  # Pillow raises various errors for a failure of libtiff
        raise damaged("TIFF", "a strip or tile cannot be decompressed") from None
    data = memoryview(np.asarray(image).tobytes())
    at = 0
    for count in counts:
        yield data[at : at + count * layout.row_bytes]
        at += count * layout.row_bytes


def _written(group: list[memoryview], counts: list[int], layout: TiffLayout) -> bytes:
    """Return a TIFF of gray strips, in which each unpacked byte is a pixel."""
    number, head = len(group), 8
    lengths = [len(piece) for piece in group]
    directory = head + sum(lengths)
    arrays = directory + 2 + 12 * 9 + 4
    starts = np.cumsum([head, *lengths[:-1]])
    tables = struct.pack(f"<{2 * number}I", *starts, *lengths)
    fields = [
        (256, 1, layout.row_bytes),
        (257, 1, sum(counts)),
        (258, 1, 8),
        (259, 1, layout.compression),
        (262, 1, 1),
        (273, number, arrays if number > 1 else head),
        (277, 1, 1),
        (278, 1, layout.rows),
        (279, number, arrays + 4 * number if number > 1 else lengths[0]),
    ]
    return b"".join(
        (
            struct.pack("<2sHI", b"II", 42, directory),
            *group,
            struct.pack("<H", len(fields)),
            *(struct.pack("<HHII", tag, 4, count, value) for tag, count, value in fields),
            bytes(4),
            tables,
        )
    )
