"""Warping: each pixel of the result is sampled at the place in the image that it comes from.

Samples as ``torch.nn.functional.grid_sample`` does with zeros outside the image and
``align_corners=False``, which is what torchvision's tensor kernels call.

Every operation works on one number at a time, in double precision for places and in single precision for
samples, and IEEE 754 defines each to the bit. No sum depends on the order that a processor chooses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.scratch import scratch
from preprocessing.kernels.temporaries import temporaries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from preprocessing.media import Array

WarpInterpolation: TypeAlias = Literal["nearest", "bilinear"]

# Row by row of a 3×3 matrix: from (x, y, 1) of a pixel of the result to the homogeneous place in the
# image, both counted from the middle of the first pixel.
Matrix: TypeAlias = tuple[float, float, float, float, float, float, float, float, float]

# Fewer cost more calls than they save in cache; more spill out of memory that is kept.
_BLOCK_PIXELS = 2**14


def _warping(before: Any, after: Any, *_: object) -> int:
    """Bytes of the image with its border; and of a block, which is a row of the result at the least."""
    items = np.dtype(before.dtype).itemsize * (before.channels + (before.channels == 3))
    block = max(_BLOCK_PIXELS, after.width) * (128 + 4 * items + 48 * before.channels)
    return int((before.height + 2) * (before.width + 2) * items + block)


@temporaries(_warping)
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
    block's temporaries, mostly in scratch memory.
    """
    height, width, channels = image.shape
    values = np.broadcast_to(_clipped(fill, image.dtype), channels)[:, None]
    bordered = _bordered(image, values if interpolation == "nearest" else None)
    sides = np.array([[width], [height]], np.float64)
    # Beyond these all is outside alike. The last number before a side still rounds down to the image.
    farthest = np.nextafter(sides, 0.0)
    result = np.empty((channels, *size), image.dtype)
    for first, last, places in _places(matrix, size):
        np.maximum(places, -1.0, out=places)
        np.minimum(places, farthest, out=places)
        block = result[:, first:last].reshape(channels, -1)
        if interpolation == "nearest":
            np.rint(places, out=places)
            picked = _take(bordered, _index(places, width, [0]))
            np.copyto(block, picked[0].T[:channels])
        else:
            _bilinear(bordered, places, sides, values, block)
    return result.transpose(1, 2, 0)


def quarter_turns(image: Array, count: int) -> Array:
    """Return a view of the image turned counterclockwise `count` times by 90 degrees."""
    return np.rot90(image, count)


def _places(
    matrix: Matrix, size: tuple[int, int]
) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
    """Yield, for each block of rows, the first and last row and the places, (x and y, pixels)."""
    height, width = size
    columns = np.arange(width, dtype=np.float64)
    along = [matrix[i] * columns + matrix[i + 2] for i in (0, 3, 6)]
    step = max(_BLOCK_PIXELS // width, 1)
    for first in range(0, height, step):
        checkpoint()
        last = min(first + step, height)
        rows = np.arange(first, last, dtype=np.float64)[:, None]
        places = scratch("places", (2, last - first, width), "float64")
        np.add(along[0], matrix[1] * rows, out=places[0])
        np.add(along[1], matrix[4] * rows, out=places[1])
        if matrix[6:] != (0.0, 0.0, 1.0):
            scale = along[2] + matrix[7] * rows
            scale[scale == 0.0] = 2.0**-500  # the horizon: somewhere far outside
            places /= scale
        yield first, last, places.reshape(2, -1)


def _bilinear(
    bordered: Array,
    places: NDArray[np.float64],
    sides: NDArray[np.float64],
    fill: NDArray[np.float32],
    out: Array,
) -> None:
    """Blend the four pixels around each place into `out`, (channels, pixels)."""
    channels, count = out.shape
    width = int(sides[0, 0])
    corners = np.floor(places)
    picked = _take(bordered, _index(corners, width, [0, 1, width + 2, width + 3]))
    samples = scratch("samples", (4, channels, count), "float32")
    np.copyto(samples, picked.transpose(0, 2, 1)[:, :channels])
    after = np.subtract(places, corners, out=corners).astype(np.float32)
    before = np.float32(1) - after
    for i, (x, y) in enumerate(
        ((before, before), (after, before), (before, after), (after, after))
    ):
        samples[i] *= x[0] * y[1]
    total = samples[0]
    for others in samples[1:]:
        total += others
    if places.min() < 0 or (places > sides - 1).any():
        # The weight that falls on the image, along each axis, for places from -1 to the side.
        inside = np.minimum(np.minimum(places + 1.0, sides - places), 1.0).astype(np.float32)
        total -= fill
        total *= inside[0] * inside[1]
        total += fill
    if out.dtype.kind == "u":
        np.rint(total, out=total)
    np.copyto(out, total, casting="unsafe")


def _index(corners: NDArray[np.float64], width: int, steps: list[int]) -> NDArray[np.intp]:
    """Return where whole places, and those some steps on, are in the bordered image: (steps, pixels)."""
    first: NDArray[np.intp] = (corners[1] * (width + 2) + corners[0] + (width + 3)).astype(np.intp)
    return np.add(first, [[step] for step in steps], dtype=np.intp)


def _bordered(image: Array, fill: NDArray[np.float32] | None) -> Array:
    """Return the image with one pixel more on each side, of `fill` or zero: (pixels, channels).

    A third channel gets an unused fourth beside it: `np.take` moves 4, 8 or 16 bytes at once.
    """
    height, width, channels = image.shape
    shape = (height + 2, width + 2, channels + (channels == 3))
    result = scratch("bordered", shape, image.dtype.name)
    border = np.zeros(channels, image.dtype) if fill is None else _as(fill[:, 0], image.dtype)
    for channel in range(channels):
        plane = result[:, :, channel]
        plane[1:-1, 1:-1] = image[:, :, channel]
        plane[0], plane[-1], plane[:, 0], plane[:, -1] = (border[channel],) * 4
    return result.reshape(-1, shape[2])


def _take(pixels: Array, index: NDArray[np.intp]) -> Array:
    # The mode is for speed: no index is out of range, and "raise" would go through another buffer.
    out = scratch("picked", (*index.shape, pixels.shape[1]), pixels.dtype.name)
    return np.take(pixels, index, axis=0, out=out, mode="wrap")


def _clipped(fill: tuple[float, ...], dtype: np.dtype[Any]) -> NDArray[np.float32]:
    limits = np.iinfo(dtype) if dtype.kind == "u" else np.finfo(dtype)
    values: NDArray[np.float64] = np.clip(fill, float(limits.min), float(limits.max))
    return values.astype(np.float32)


def _as(fill: NDArray[np.float32], dtype: np.dtype[Any]) -> Array:
    return (np.rint(fill) if dtype.kind == "u" else fill).astype(dtype)
