"""Separable resampling: rows, then columns, each a handful of small GEMMs.

The first pass casts one strip of a few input rows at a time to floats, in a buffer that stays in cache,
and multiplies it into the rows it feeds. What is left is small; it is de-interleaved once, and the
second pass makes every channel of a block of columns in one product.

Every sum of both passes is exact for integer images, whatever the order in which BLAS takes it; see
`Precision`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.kernels.bands import Axis, Band, FloatType, column_bands, row_bands
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array


@dataclass(frozen=True, slots=True)
class Precision:
    """Float types and binary places of weights that make every sum of a resampling exact.

    A sample of ``b`` bits times a weight of ``p`` places has ``b + p`` bits; a sum of them that stays
    below twice the largest sample, as the filters' small negative lobes allow, has one more. float32
    holds 24 bits, float64 holds 53.

    Parameters
    ----------
    rows : str
        Float type of the first pass.
    row_places, column_places : int
        Binary places of the weights of the first and of the second pass. The second is in float64.
    """

    rows: FloatType
    row_places: int
    column_places: int


_PRECISION = {
    "uint8": Precision("float32", 15, 24),  # 8 + 15 + 1 = 24 bits, then 24 + 24 + 1 = 49
    "uint16": Precision("float64", 15, 20),  # 16 + 15 + 1 = 32 bits, then 32 + 20 + 1 = 53
}
# Float samples have no fixed number of places; their sums are merely as good as float64's.
_FLOATS = Precision("float64", 24, 24)


def resample(image: Array, rows: Axis, columns: Axis, out: NDArray[np.float32]) -> None:
    """Resample `image` into `out`.

    Parameters
    ----------
    image : ndarray, shape (rows.n_in, columns.n_in, C), uint8, uint16 or float, any strides
    rows, columns : Axis
        What to compute along each axis.
    out : ndarray of float32, shape (C, rows wanted, columns wanted)
        Receives the result, in the units of `image`, unrounded and unclipped.

    Notes
    -----
    Allocates nothing of the image's size. Per thread it keeps a strip (the rows under one block ×
    width, in the first pass's type), the half-resampled image (rows wanted × width) in that type and
    in float64, and the result in float64.

    Within 100 dB of the same resampling with unrounded weights in float64, relative to the range.
    """
    precision = _PRECISION.get(image.dtype.name, _FLOATS)
    across = column_bands(columns, precision.column_places, "float64")
    left = min(band.in_start for band in across)
    right = max(band.in_stop for band in across)
    down = row_bands(rows, precision.row_places, precision.rows)
    planar = _planar(_rows_pass(image[:, left:right], down, out.shape[1], precision.rows))
    flat = scratch("flat", (planar.shape[0], out.shape[2]), "float64")
    for band in across:
        source = planar[:, band.in_start - left : band.in_stop - left]
        np.matmul(source, band.weights, out=flat[:, band.out_start : band.out_stop])
    np.copyto(out, flat.reshape(out.shape), casting="same_kind")


def _rows_pass(
    image: Array, bands: tuple[Band, ...], height: int, dtype: FloatType
) -> NDArray[Any]:
    """Return shape (height, width, C), in this thread's scratch memory."""
    width, channels = image.shape[1:]
    span = bands[0].in_stop - bands[0].in_start
    strip = scratch("strip", (span, width, channels), dtype)
    lines = strip.reshape(span, width * channels)
    half = scratch("half", (height, width * channels), dtype)
    for band in bands:
        np.copyto(strip, image[band.in_start : band.in_stop])
        np.matmul(band.weights, lines, out=half[band.out_start : band.out_stop])
    return half.reshape(height, width, channels)


def _planar(image: NDArray[Any]) -> NDArray[np.float64]:
    """(H, W, C) to (C * H, W) of float64, so that the second pass is one product for all channels."""
    height, width, channels = image.shape
    planar = scratch("planar", (channels, height, width), "float64")
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
