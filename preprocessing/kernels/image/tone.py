"""Invert, posterize, solarize; autocontrast and equalize, which look at a channel's histogram first.

The formulas are those of torchvision 0.29, transforms/v2/functional/_color.py, and exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from preprocessing.kernels.image.lut import apply_table, apply_tables, table_of
from preprocessing.kernels.image.pointwise import convert
from preprocessing.kernels.image.strips import by_rows, strips, top_of
from preprocessing.kernels.temporaries import pixels, samples, temporaries

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from preprocessing.media import Array, DType


def _tables(before: Any, _: Any) -> int:
    """Bytes of what `apply_tables` copies; for types other than uint8, of the image in that too."""
    return 2 * pixels(before) + (2 * samples(before) if before.dtype != "uint8" else 0)


def invert(image: Array) -> Array:
    """White less each sample. Pointwise; allocates the result."""
    return ~image if image.dtype.kind == "u" else np.subtract(1, image, dtype=image.dtype)


def posterize(image: Array, bits: int) -> Array:
    """Keep the highest `bits` of each sample. Pointwise; allocates the result.

    Parameters
    ----------
    image : ndarray
        Floats are cut into as many levels, each the lower end of its part of [0, 1].
    bits : int
        From 0 to 8.
    """
    if image.dtype.kind == "u":
        cleared = 8 * image.dtype.itemsize - bits
        kept: Array = image & image.dtype.type(((1 << bits) - 1) << cleared)
        return kept
    levels = 1 << bits

    def change(rows: Array) -> Array:
        scaled = np.multiply(rows, np.float32(levels), dtype=np.float32)
        np.clip(np.floor(scaled, out=scaled), 0, levels - 1, out=scaled)
        np.multiply(scaled, np.float32(1.0 / levels), out=scaled)
        return scaled.astype(image.dtype, copy=False)

    return by_rows(image, change)


def solarize(image: Array, threshold: float) -> Array:
    """Invert the samples from `threshold` on. Pointwise; allocates the result.

    Parameters
    ----------
    image : ndarray
    threshold : float
        In the units of `image`. It is rounded to float32, and for float16 to that, as in PyTorch.
    """
    kind = np.float32 if image.dtype.kind == "u" else image.dtype.type

    def change(rows: Array) -> Array:
        result = invert(rows)
        np.copyto(result, rows, where=~(rows >= kind(threshold)))
        return result

    return by_rows(image, change)


@temporaries(_tables)
def autocontrast(image: Array) -> Array:
    """Stretch each channel so that its darkest sample becomes black and its lightest white.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        A channel of one value stays as it is.

    Returns
    -------
    ndarray
        New and planar. Besides it, one channel of uint8 is allocated twice.
    """
    # Row by row first: NumPy is slow at reducing two axes around a short third one.
    lows, highs = image.min(axis=0).min(axis=0), image.max(axis=0).max(axis=0)
    if image.dtype == np.uint8:
        tables = [table_of(_stretch, *ends) for ends in zip(lows, highs, strict=True)]
        return apply_tables(image, tables) if len(tables) > 1 else apply_table(image, tables[0])
    result = np.empty((image.shape[2], *image.shape[:2]), image.dtype)
    for channel, ends in enumerate(zip(lows, highs, strict=True)):
        result[channel] = _stretch(image[..., channel], *ends)
    return result.transpose(1, 2, 0)


def _stretch(samples: Array, low: float, high: float) -> Array:
    """Map `low` to black and `high` to white in float32, integers truncated."""
    top = top_of(samples.dtype)
    start, span = np.float32(low), np.float32(high) - np.float32(low)
    if span == 0:
        return samples.copy()

    def change(rows: Array) -> Array:
        stretched = np.subtract(rows, start, dtype=np.float32)
        np.divide(stretched, span * np.float32(1.0 / top), out=stretched)
        np.clip(stretched, 0, top, out=stretched)
        return stretched.astype(rows.dtype, copy=False)

    return by_rows(samples, change)


@temporaries(_tables)
def equalize(image: Array) -> Array:
    """Give each channel a histogram as even as it can be.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Types other than uint8 are converted to it and back, scaled, as in torchvision.

    Returns
    -------
    ndarray
        New and planar. Besides it, for types other than uint8, the image in that twice.
    """
    levels = convert(image, "uint8", scale=True)
    counts = np.zeros((image.shape[2], 256), np.int64)
    for start, stop in strips(image.shape):  # `numpy.bincount` takes eight bytes a sample
        for channel in range(len(counts)):
            counts[channel] += np.bincount(levels[start:stop, :, channel].ravel(), minlength=256)
    equalized = apply_tables(levels, [_equalizing(count) for count in counts])
    return convert(equalized, cast("DType", image.dtype.name), scale=True)


def _equalizing(counts: NDArray[np.int64]) -> bytes:
    """Return the table that evens out a histogram, by the scheme of Pillow's ``ImageOps.equalize``."""
    below = np.concatenate(([0], np.cumsum(counts)[:-1]))
    lightest = np.flatnonzero(counts)[-1]
    step = (counts.sum() - counts[lightest]) // 255
    if step == 0:  # hardly more than one level: there is nothing to spread
        return bytes(range(256))
    table: Array = np.minimum((below + step // 2) // step, 255).astype(np.uint8)
    return table.tobytes()
