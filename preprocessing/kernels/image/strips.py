"""Strips of rows as float planes: what kernels that mix channels or neighbours work in.

A strip is cast once from whatever type and layout the image has, is worked on while it lies in cache,
and is written once, to a planar result: NumPy writes interleaved samples ten times slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array

    Floats: TypeAlias = NDArray[np.float32]

# 512 KiB of float32, as in `resample`. With fewer, the calls themselves take their time.
_STRIP_SAMPLES = 128 * 1024
# What a pointwise kernel is given at once: most images whole, and of none more than a few megabytes.
_PIECE_SAMPLES = 2**20


def top_of(dtype: np.dtype[Any]) -> int:
    """Return the value of white: the largest of an integer type, or 1 for floats."""
    return int(np.iinfo(dtype).max) if dtype.kind == "u" else 1


def strips(shape: tuple[int, ...], least: int = 1) -> Iterator[tuple[int, int]]:
    """Yield the first row and the end of each strip of an image of `shape`, (H, W, C).

    No strip but the last has fewer than `least` rows.
    """
    height, width, channels = shape
    rows = max(least, _STRIP_SAMPLES // (width * channels))
    for start in range(0, height, rows):
        checkpoint()
        yield start, min(start + rows, height)


def by_rows(image: Array, change: Callable[[Array], Array]) -> Array:
    """Apply a pointwise function to an image, in strips if it is large.

    Parameters
    ----------
    image : ndarray, of one axis or more
    change : callable
        Takes rows, and returns as many, of one type whatever they hold.
    """
    if image.size <= _PIECE_SAMPLES:
        return change(image)
    rows = max(1, _PIECE_SAMPLES * len(image) // image.size)
    first = change(image[:rows])
    result = np.empty_like(image, first.dtype)
    result[:rows] = first
    for start in range(rows, len(image), rows):
        checkpoint()
        result[start : start + rows] = change(image[start : start + rows])
    return result


def planes_of(rows: Array) -> Floats:
    """Return rows of an image, (n, W, C), as float32 of shape (C, n, W), in this thread's scratch."""
    height, width, channels = rows.shape
    planes = scratch("planes", (channels, height, width), "float32")
    np.copyto(planes, rows.transpose(2, 0, 1), casting="same_kind")
    return planes


def map_planes(image: Array, change: Callable[[Floats], None], *, within: bool = False) -> Array:
    """Change an image pixel by pixel in float32.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
    change : callable
        Overwrites a strip of shape (C, n, W), in the units of `image`.
    within : bool
        Whether what it writes is known to be in the range of an image of that type, so that nothing is
        clipped.

    Returns
    -------
    ndarray, shape (H, W, C), of the type of `image`
        Planar, and new. Values are clipped, and those of integers truncated. What else is allocated is
        a strip of 512 KiB, kept by the thread.
    """
    height, width, channels = image.shape
    result = np.empty((channels, height, width), image.dtype)
    top = top_of(image.dtype)
    for start, stop in strips(image.shape):
        planes = planes_of(image[start:stop])
        change(planes)
        if not within:
            np.clip(planes, 0, top, out=planes)
        np.copyto(result[:, start:stop], planes, casting="unsafe")
    return result.transpose(1, 2, 0)
