"""Decoder of BMP's run-length encoding: RLE8 and RLE4 to palette indices.

Pillow's decoder appends skipped pixels one at a time in Python, which takes seconds for 20 kB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged
from preprocessing.errors import LimitExceeded

if TYPE_CHECKING:
    from preprocessing.media import Array

_END_OF_ROW, _END, _SKIP = 0, 1, 2
# Most runs, at about 1 µs each. A screen of 3,840 x 2,160 has half of them at most.
_MOST_RUNS = 4 * 2**20
_SINGLE = [bytes((value,)) for value in range(256)]
_PAIR = [bytes((value >> 4, value & 15)) for value in range(256)]


def decode_runs(data: bytes, at: int, shape: tuple[int, int], *, nibbles: bool) -> Array:
    """Decode runs to indices: uint8, of `shape`, rows in the order of the file.

    Skipped pixels have index 0, as in Pillow.

    Parameters
    ----------
    data : bytes
        The whole file.
    at : int
        Offset of the first run.
    shape : (int, int)
        Height and width.
    nibbles : bool
        Whether it is RLE4, with two pixels per byte.

    Raises
    ------
    CorruptSource
        If a run goes beyond its row, or the runs end before the last row.
    LimitExceeded
        If there are so many runs that decoding would take seconds.
    """
    height, width = shape
    pixels = bytearray(height * width)
    x = y = 0
    single, shift = (_PAIR, 1) if nibbles else (_SINGLE, 0)
    try:
        for number in range(_MOST_RUNS):
            if y >= height or (x >= width and y == height - 1):
                break
            if not number % 1024:
                checkpoint()
            count, value = data[at], data[at + 1]
            at += 2
            if count:
                run = single[value] * ((count >> shift) + shift)
                x = _place(pixels, run[:count], x, y, width, nibbles=nibbles)
            elif value == _END_OF_ROW:
                x, y = 0, y + 1
            elif value == _END:
                raise damaged("BMP", f"its runs end in row {y + 1} of {height}")
            elif value == _SKIP:
                x, y = x + data[at], y + data[at + 1]
                at += 2
                if x > width or y >= height:
                    raise damaged("BMP", f"a run skips beyond the edge in row {y + 1}")
            else:
                length = (value + 1) // 2 if nibbles else value
                run = data[at : at + length]
                data[at + length - 1]  # raises IndexError unless the run is complete
                at += length + length % 2
                if nibbles:
                    run = b"".join([_PAIR[byte] for byte in run])
                x = _place(pixels, run[:value], x, y, width, nibbles=nibbles)
        else:
            raise LimitExceeded(
                f"the BMP has more than {_MOST_RUNS} runs of pixels, which take too long to decode; "
                "store it as PNG"
            )
    except IndexError:
        raise cut("BMP", f"its runs end in row {y + 1} of {height}") from None
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def _place(pixels: bytearray, run: bytes, x: int, y: int, width: int, *, nibbles: bool) -> int:
    """Write a run and return where it ends. Some writers pad RLE4's runs by one pixel, which is cut."""
    end = x + len(run)
    if end > width:
        if end - width > nibbles:
            raise damaged("BMP", f"a run goes beyond the edge in row {y + 1}")
        run, end = run[: width - x], width
    start = y * width
    pixels[start + x : start + end] = run
    return end
