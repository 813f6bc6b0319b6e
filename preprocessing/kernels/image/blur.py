"""Gaussian blur: down the columns, then along the rows, each a batch of small matrix products.

A product with a band of a Toeplitz matrix makes several outputs of the few inputs that they share.
That is several times as fast as adding up shifted copies of the image, which NumPy must read and write
once for each weight. A strip of the image goes both ways while it lies in cache.

As in resampling, weights have so few binary places that every sum over integers is exact, whatever the
order in which BLAS takes it; see docs/decisions/exact-sums.md.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.image.strips import strips
from preprocessing.kernels.scratch import scratch
from preprocessing.kernels.temporaries import temporaries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array

# Outputs that one product makes; as in `bands`.
_ROWS, _COLUMNS = 8, 16
# Products between two checkpoints: some 10 ms of them.
_PRODUCTS = 2**27


class _Precision(NamedTuple):
    """Float type, and binary places of the weights down, of what they make, and of those across."""

    dtype: str
    down: int
    kept: int
    across: int


# Weights are not negative and add up to 1, so that no sum exceeds the largest sample.
_PRECISION = {
    "uint8": _Precision("float32", 15, 4, 12),  # 8 + 15 = 23 bits of 24, then 8 + 4 + 12 = 24
    "uint16": _Precision("float64", 20, 16, 21),  # 16 + 20 = 36 bits of 53, then 16 + 16 + 21 = 53
}


def _blurring(before: Any, _: Any, size: tuple[int, int], *__: object) -> int:
    """Bytes of three strips, of four radii at the least, with what lies around them."""
    across, down = (side // 2 for side in size)
    rows = next((stop for _, stop in strips(before.shape, least=4 * down)), 0)
    item = 8 if before.dtype == "uint16" else 4
    lines = 3 * rows + 2 * down
    return int(item * before.channels * (lines * before.width + 2 * rows * across))


@temporaries(_blurring)
def gaussian_blur(image: Array, size: tuple[int, int], sigma: tuple[float, float]) -> Array:
    """Blur with a Gaussian, the image reflected at its edges.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
    size : (int, int)
        Width and height of the kernel, odd, each less than twice the image's.
    sigma : (float, float)
        Standard deviation across and down, in pixels.

    Returns
    -------
    ndarray, shape (H, W, C), of the type of `image`
        New and planar; integers are rounded half to even. What else is allocated is three strips, of
        512 KiB each where the kernel is small, kept by the thread.

    Notes
    -----
    For uint8 half of the difference to unrounded weights is below 0.04 levels, and all of it below one;
    the tests assert it. Floats have unrounded weights and sums in float32.
    """
    how = _PRECISION.get(image.dtype.name)
    dtype = how.dtype if how else "float32"
    (across, down), radii = size, (size[0] // 2, size[1] // 2)
    vertical, horizontal = _weights(down, sigma[1]), _weights(across, sigma[0])
    if how:
        vertical = np.ldexp(_round(vertical, how.down), how.kept)
        horizontal = np.ldexp(_round(horizontal, how.across), -how.kept)
    left = _band(vertical, _ROWS).astype(dtype)
    right = _band(horizontal, _COLUMNS).astype(dtype)
    height, width, channels = image.shape
    result = np.empty((channels, height, width), image.dtype)
    for start, stop in strips(image.shape, least=4 * radii[1]):
        source = _source(image, start, stop, radii[1], dtype)
        shape = (channels, stop - start, width + 2 * radii[0])
        half = scratch("half blurred", shape, dtype)
        inside = half[:, :, radii[0] : radii[0] + width]
        _from_left(left, source, inside)
        if how:
            np.rint(inside, out=inside)
        _reflect(half.transpose(2, 0, 1), radii[0], radii[0] + width)
        blurred = scratch("blurred", (channels, stop - start, width), dtype)
        _from_right(half, right, blurred)
        if how:
            np.rint(blurred, out=blurred)
        np.copyto(result[:, start:stop], blurred, casting="unsafe")
    return result.transpose(1, 2, 0)


def _weights(size: int, sigma: float) -> NDArray[np.float64]:
    """Return the Gaussian from its middle outwards, adding up to 1 with its other half."""
    # One by one, in Python: NumPy's vectorised exp differs in the last bit between processors.
    scaled = [distance / sigma for distance in range(size // 2 + 1)]
    half = np.array([exp(-0.5 * x * x) for x in scaled])
    half /= half[0] + 2.0 * sum(reversed(half[1:].tolist()))
    return half


def _round(half: NDArray[np.float64], places: int) -> NDArray[np.float64]:
    """Round half a kernel to multiples of 2**-places, so that all of it still adds up to exactly 1.

    By largest remainders, in pairs: it stays symmetric. No weight moves by more than a unit.
    """
    units = np.ldexp(half, places)
    down = np.floor(units)
    missing = int(2**places - down[0] - 2 * down[1:].sum())
    down[0] += missing % 2
    most = np.argsort(down[1:] - units[1:], kind="stable")
    down[1 + most[: missing // 2]] += 1
    rounded: NDArray[np.float64] = np.ldexp(down, -places)
    return rounded


def _band(half: NDArray[np.float64], outputs: int) -> NDArray[np.float64]:
    """Return the matrix, (outputs, outputs + 2 radii), whose row ``i`` has the kernel from ``i`` on."""
    kernel = np.concatenate((half[:0:-1], half))
    band = np.zeros((outputs, outputs + len(kernel) - 1))
    for row in range(outputs):
        band[row, row : row + len(kernel)] = kernel
    return band


def _source(image: Array, start: int, stop: int, radius: int, dtype: str) -> NDArray[Any]:
    """Return rows of an image and `radius` more on both sides, as floats of shape (C, rows, W)."""
    height, width, channels = image.shape
    source = scratch("unblurred", (channels, stop - start + 2 * radius, width), dtype)
    first, last = max(start - radius, 0), min(stop + radius, height)
    offset = radius - start
    np.copyto(source[:, first + offset : last + offset], image[first:last].transpose(2, 0, 1))
    _reflect(source.transpose(1, 0, 2), first + offset, last + offset)
    return source


def _reflect(lines: NDArray[Any], first: int, stop: int) -> None:
    """Fill what lies before `first` and from `stop` on with the mirror image of what lies between."""
    before, after = first, len(lines) - stop
    lines[:first] = lines[first + 1 : first + 1 + before][::-1]
    lines[stop:] = lines[stop - 1 - after : stop - 1][::-1]


def _from_left(band: NDArray[Any], source: NDArray[Any], out: NDArray[Any]) -> None:
    """Multiply `band` into runs of rows of (C, n + 2 radii, W), to (C, n, W)."""
    block, taps = band.shape
    channels, rows, width = out.shape
    whole = rows // block
    plane, row, sample = source.strides
    windows = as_strided(
        source, (channels, whole, taps, width), (plane, block * row, row, sample), writeable=False
    )
    done = whole * block
    blurred = out[:, :done].reshape(channels, whole, block, width)
    at_once = max(1, _PRODUCTS // (channels * band.size * width))
    for first in range(0, whole, at_once):
        checkpoint()
        part = slice(first, first + at_once)
        np.matmul(band, windows[:, part], out=blurred[:, part])
    if done < rows:
        rest = rows - done
        np.matmul(band[:rest, : taps - block + rest], source[:, done:], out=out[:, done:])


def _from_right(source: NDArray[Any], band: NDArray[Any], out: NDArray[Any]) -> None:
    """Multiply `band`, transposed, into runs of columns of (C, n, W + 2 radii), to (C, n, W)."""
    block, taps = band.shape
    width = out.shape[2]
    lines, results = source.reshape(-1, source.shape[2]), out.reshape(-1, width)
    whole = width // block
    row, sample = lines.strides
    windows = as_strided(
        lines, (whole, len(lines), taps), (block * sample, row, sample), writeable=False
    )
    done = whole * block
    blocks = results[:, :done].reshape(len(lines), whole, block).transpose(1, 0, 2)
    at_once = max(1, _PRODUCTS // (band.size * len(lines)))
    for first in range(0, whole, at_once):
        checkpoint()
        part = slice(first, first + at_once)
        np.matmul(windows[part], band.T, out=blocks[part])
    if done < width:
        rest = width - done
        np.matmul(lines[:, done:], band[:rest, : taps - block + rest].T, out=results[:, done:])
