"""Separable resampling: rows, then columns, each a handful of small GEMMs.

The first pass casts one strip of a few input rows at a time to float32, in a buffer that stays in
cache, and multiplies it into the rows it feeds. What is left is small; it is de-interleaved once, and
the second pass writes every channel of a block of columns straight into the planar result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels import scratch
from preprocessing.kernels.bands import Axis, Band, column_bands, row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array


def resample(image: Array, rows: Axis, columns: Axis, out: NDArray[np.float32]) -> None:
    """Resample `image` into `out`.

    Parameters
    ----------
    image : ndarray, shape (rows.n_in, columns.n_in, C), any dtype that casts to float32, any strides
    rows, columns : Axis
        What to compute along each axis.
    out : ndarray of float32, shape (C, rows wanted, columns wanted), C-contiguous
        Receives the result, in the units of `image`, unrounded and unclipped.

    Notes
    -----
    Allocates nothing of the image's size: per thread it keeps a strip (rows under one block × width)
    and twice the half-resampled image (rows wanted × width), both float32.
    """
    channels, height, width = out.shape
    across = column_bands(columns)
    left = min(band.in_start for band in across)
    right = max(band.in_stop for band in across)
    half = _rows_pass(image[:, left:right], row_bands(rows), height)
    planar = _deinterleave(half, channels)
    flat = out.reshape(channels * height, width)
    for band in across:
        source = planar[:, band.in_start - left : band.in_stop - left]
        np.matmul(source, band.weights, out=flat[:, band.out_start : band.out_stop])


def _rows_pass(image: Array, bands: tuple[Band, ...], height: int) -> NDArray[np.float32]:
    """Return shape (height, width, C), float32, in this thread's scratch memory."""
    width, channels = image.shape[1:]
    samples = width * channels
    span = bands[0].in_stop - bands[0].in_start
    strip = scratch.floats("strip", span * samples).reshape(span, width, channels)
    half = scratch.floats("half", height * samples).reshape(height, samples)
    for band in bands:
        np.copyto(strip, image[band.in_start : band.in_stop], casting="unsafe")
        np.matmul(
            band.weights, strip.reshape(span, samples), out=half[band.out_start : band.out_stop]
        )
    return half.reshape(height, width, channels)


def _deinterleave(image: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """(H, W, C) to (C * H, W), so that the second pass is one product for all channels."""
    height, width, _ = image.shape
    if channels == 1:
        return image.reshape(height, width)
    planar = scratch.floats("planar", image.size).reshape(channels, height, width)
    np.copyto(planar, image.transpose(2, 0, 1))
    return planar.reshape(channels * height, width)


def nearest_indices(n_in: int, n_out: int, *, centred: bool) -> NDArray[np.intp]:
    """Input index of each output of a nearest-neighbour resize.

    PyTorch's ``nearest`` takes ``floor(o n_in / n_out)``; ``nearest-exact`` and Pillow take the input
    under the centre of the output, ``floor((o + 1/2) n_in / n_out)``. PyTorch works in float32 here;
    integers avoid its rare off-by-one at exact quotients.
    """
    outputs = np.arange(n_out)
    doubled = (2 * outputs + 1) * n_in // (2 * n_out) if centred else outputs * n_in // n_out
    return np.minimum(doubled, n_in - 1)
