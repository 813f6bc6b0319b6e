"""Warping: each pixel of the result looks up the place in the image that it comes from.

Samples as ``torch.nn.functional.grid_sample`` does with zeros outside the image and
``align_corners=False``, which is what torchvision's tensor kernels call.

Every operation works on one number at a time, in double precision for places and in single precision for
samples, and IEEE 754 defines each to the bit: there is no sum whose order a processor may choose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from preprocessing.media import Array

WarpInterpolation: TypeAlias = Literal["nearest", "bilinear"]

# Row by row of a 3×3 matrix: from (x, y, 1) of a pixel of the result to the homogeneous place in the
# image, both counted from the middle of the first pixel.
Matrix: TypeAlias = tuple[float, float, float, float, float, float, float, float, float]

# So many that a block's places and samples stay in the second-level cache.
_BLOCK_PIXELS = 2**13


def warp(
    image: Array,
    matrix: Matrix,
    size: tuple[int, int],
    interpolation: WarpInterpolation,
    fill: tuple[float, ...],
) -> Array:
    """Return the image as a projective map moves it.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
    matrix : tuple of 9 floats
        Where each pixel of the result comes from.
    size : (int, int)
        Height and width of the result.
    interpolation : {"nearest", "bilinear"}
        ``nearest`` rounds half to even.
    fill : tuple of float
        What is outside the image, one value or one a channel; values beyond the sample type's are
        clipped to it. With ``bilinear`` it is blended as torchvision does it: with the sum S of
        weighted samples and the weight m that falls on the image, the result is
        ``(S - fill) * m + fill``, which is darker than a blend along the image's edges.

    Returns
    -------
    ndarray, shape (*size, C)
        Of the image's type; a view of a planar array. Integers are rounded half to even.

    Notes
    -----
    Allocates the result; the image with a border of one pixel, in memory that the thread keeps; and a
    few blocks of 8192 numbers.
    """
    height, width, channels = image.shape
    values = np.broadcast_to(_clipped(fill, image.dtype), channels)
    bordered = _bordered(image, values if interpolation == "nearest" else None)
    result = np.empty((channels, *size), image.dtype)
    for first, last, x, y in _places(matrix, size):
        block = result[:, first:last].reshape(channels, -1)
        # Beyond these all is outside alike. The last step before `width` still rounds down to the image.
        for place, side in ((x, width), (y, height)):
            np.maximum(place, -1.0, out=place)
            np.minimum(place, np.nextafter(side, 0.0), out=place)
        if interpolation == "nearest":
            index = (np.rint(y) + 1.0) * (width + 2) + (np.rint(x) + 1.0)
            picked = _take(bordered, index.astype(np.intp))
            for channel in range(channels):
                block[channel] = picked[:, channel]
        else:
            _bilinear(bordered, x, y, image.shape, values, block)
    return result.transpose(1, 2, 0)


def quarter_turns(image: Array, count: int) -> Array:
    """Return a view of the image turned counterclockwise `count` times by 90 degrees."""
    return np.rot90(image, count)


def _places(
    matrix: Matrix, size: tuple[int, int]
) -> Iterator[tuple[int, int, NDArray[np.float64], NDArray[np.float64]]]:
    """Yield, for each block of rows, the first and last row and the flat places x and y."""
    height, width = size
    columns = np.arange(width, dtype=np.float64)
    step = max(_BLOCK_PIXELS // width, 1)
    for first in range(0, height, step):
        last = min(first + step, height)
        rows = np.arange(first, last, dtype=np.float64)[:, None]
        x, y, w = ((matrix[i] * columns + matrix[i + 2]) + matrix[i + 1] * rows for i in (0, 3, 6))
        if matrix[6:] != (0.0, 0.0, 1.0):
            w[w == 0.0] = 2.0**-500  # the horizon: somewhere far outside
            x /= w
            y /= w
        yield first, last, x.ravel(), y.ravel()


def _bilinear(
    bordered: Array,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    shape: tuple[int, ...],
    fill: NDArray[np.float32],
    out: Array,
) -> None:
    height, width, channels = shape
    left, top = np.floor(x), np.floor(y)
    index = ((top + 1.0) * (width + 2) + (left + 1.0)).astype(np.intp)
    right_part, lower_part = (x - left).astype(np.float32), (y - top).astype(np.float32)
    left_part, upper_part = np.float32(1) - right_part, np.float32(1) - lower_part
    corners = [
        (_take(bordered, index + step).astype(np.float32, copy=False), weight)
        for step, weight in (
            (0, left_part * upper_part),
            (1, right_part * upper_part),
            (width + 2, left_part * lower_part),
            (width + 3, right_part * lower_part),
        )
    ]
    inside = _inside(x, width) * _inside(y, height) if _leaves(x, y, width, height) else None
    total, term = np.empty_like(right_part), np.empty_like(right_part)
    for channel in range(channels):
        total.fill(0)
        for samples, weight in corners:
            total += np.multiply(samples[:, channel], weight, out=term)
        if inside is not None:
            total -= fill[channel]
            total *= inside
            total += fill[channel]
        if out.dtype.kind == "u":
            np.rint(total, out=total)
        np.copyto(out[channel], total, casting="unsafe")


def _leaves(x: NDArray[np.float64], y: NDArray[np.float64], width: int, height: int) -> bool:
    return bool(min(x.min(), y.min()) < 0 or x.max() > width - 1 or y.max() > height - 1)


def _inside(place: NDArray[np.float64], side: int) -> NDArray[np.float32]:
    """Weight that falls on the image along one axis, for places from -1 to `side`."""
    return np.minimum(np.minimum(place + 1.0, side - place), 1.0).astype(np.float32)


def _bordered(image: Array, fill: NDArray[np.float32] | None) -> Array:
    """Return the image with one pixel more on each side, of `fill` or zero; flat, (pixels, channels).

    A third channel gets an unused fourth beside it: `np.take` moves 4, 8 or 16 bytes at once.
    """
    height, width, channels = image.shape
    shape = (height + 2, width + 2, channels + (channels == 3))
    result = scratch("bordered", shape, image.dtype.name)
    border = np.zeros(channels, image.dtype) if fill is None else _as(fill, image.dtype)
    for channel in range(channels):
        plane = result[:, :, channel]
        plane[1:-1, 1:-1] = image[:, :, channel]
        plane[0], plane[-1], plane[:, 0], plane[:, -1] = (border[channel],) * 4
    return result.reshape(-1, shape[2])


def _take(pixels: Array, index: NDArray[np.intp]) -> Array:
    # The mode is for speed: no index is out of range, and "raise" would go through a second buffer.
    out = np.empty((index.size, pixels.shape[1]), pixels.dtype)
    return np.take(pixels, index, axis=0, out=out, mode="clip")


def _clipped(fill: tuple[float, ...], dtype: np.dtype[Any]) -> NDArray[np.float32]:
    limits = np.iinfo(dtype) if dtype.kind == "u" else np.finfo(dtype)
    values: NDArray[np.float64] = np.clip(fill, float(limits.min), float(limits.max))
    return values.astype(np.float32)


def _as(fill: NDArray[np.float32], dtype: np.dtype[Any]) -> Array:
    return (np.rint(fill) if dtype.kind == "u" else fill).astype(dtype)
