"""Run-length encoding of BMP: RLE8 and RLE4 to indices, row by row.

Pillow's own decoder appends skipped pixels one by one in Python, seconds for some 20 kB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.raster.faults import cut, damaged

if TYPE_CHECKING:
    from preprocessing.media import Array

_END_OF_ROW, _END, _SKIP = 0, 1, 2


def unpacked(data: bytes, at: int, shape: tuple[int, int], *, nibbles: bool) -> Array:
    """Return the indices, of `shape`, in the order of the file.

    Pixels that are skipped have colour 0, as in Pillow.

    Raises
    ------
    CorruptSource
        Where a run goes beyond its row, or the runs end before the last one.
    """
    height, width = shape
    pixels = bytearray(height * width)
    x = y = 0
    try:
        while y < height and not (y == height - 1 and x >= width):
            checkpoint()
            count, value = data[at], data[at + 1]
            at += 2
            if count:
                run = _pair(value) * (count // 2 + 1) if nibbles else bytes((value,)) * count
                x = _place(pixels, run[:count], x, y, width, nibbles=nibbles)
            elif value == _END_OF_ROW:
                x, y = 0, y + 1
            elif value == _END:
                raise damaged("BMP", f"its runs end in row {y + 1} of {height}")
            elif value == _SKIP:
                x, y = x + data[at], y + data[at + 1]
                at += 2
                if x > width or y >= height:
                    raise damaged("BMP", "it skips pixels beyond its edge")
            else:
                length = (value + 1) // 2 if nibbles else value
                run = data[at : at + length]
                data[at + length - 1]  # it is there in full
                at += length + length % 2
                if nibbles:
                    run = b"".join(map(_pair, run))
                x = _place(pixels, run[:value], x, y, width, nibbles=nibbles)
    except IndexError:
        raise cut("BMP", f"its runs end in row {y + 1} of {height}") from None
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def _pair(value: int) -> bytes:
    return bytes((value >> 4, value & 15))


def _place(pixels: bytearray, run: bytes, x: int, y: int, width: int, *, nibbles: bool) -> int:
    """Write a run; of RLE4, whose runs some writers pad to whole bytes, one pixel may be too many."""
    over = x + len(run) - width
    if over > nibbles:
        raise damaged("BMP", f"a run goes beyond the edge in row {y + 1}")
    run = run[: len(run) - over] if over > 0 else run
    start = y * width + x
    pixels[start : start + len(run)] = run
    return x + len(run)
