"""Resampling weights as banded blocks, built in one vectorised pass and cached.

A separable resampling is a product with a banded matrix: output sample ``o`` depends only on the few
input samples under its filter. Cut into blocks of neighbouring outputs, each block is a small dense
matrix over a short run of inputs, so that one pass over an image is a handful of small GEMMs.

The weights are those of Pillow and of ``torch.nn.functional.interpolate(antialias=True)``: for a box
of length ``L`` resampled to ``n`` samples the scale is ``L / n``; output ``o`` is centred on
``start + (o + 1/2) scale``; the filter is stretched by ``max(scale, 1)``; taps outside the input are
dropped and the rest renormalised. Without antialiasing the filter keeps its own width and taps outside
the input repeat the edge sample, as ``interpolate(antialias=False)`` does.

The weights are then rounded to a fixed number of binary places, each output's still adding up to
exactly 1. With few enough places every partial sum of a product is a number that the float type holds
exactly, so that no order of summation, BLAS kernel, thread count or processor changes a bit of the
result; see docs/decisions/exact-sums.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Filter: TypeAlias = Literal["bilinear", "bicubic", "lanczos"]
FloatType: TypeAlias = Literal["float32", "float64"]

# Measured: rows are best eight at a time (a cache-resident strip), columns sixteen (one GEMM tile).
ROW_BLOCK = 8
COLUMN_BLOCK = 16


@frozen
class Axis:
    """One axis of a resampling, hashable, so that its weights are built once.

    Parameters
    ----------
    n_in : int
        Samples in the input.
    n_out : int
        Samples that the whole box is resampled to.
    start, length : float
        The box, in input samples; it may be fractional.
    first, last : int
        The run of outputs that is wanted, ``0 <= first < last <= n_out``.
    filter : {"bilinear", "bicubic", "lanczos"}
        Triangle, Keys' cubic, or Lanczos with three lobes.
    antialias : bool
        Whether the filter is stretched when the axis shrinks.
    reverse : bool
        Whether the wanted outputs come last first: a flip that costs nothing.
    """

    n_in: int
    n_out: int
    start: float
    length: float
    first: int
    last: int
    filter: Filter
    antialias: bool
    reverse: bool = False


@frozen
class Band:
    """Weights of outputs ``[out_start, out_stop)`` over inputs ``[in_start, in_stop)``."""

    out_start: int
    out_stop: int
    in_start: int
    in_stop: int
    weights: NDArray[np.floating[Any]]


@lru_cache(maxsize=256)
def row_bands(axis: Axis, places: int, dtype: FloatType, gain: int = 0) -> tuple[Band, ...]:
    """Blocks for a product from the left: ``weights`` is (outputs, inputs), to 2**-places.

    All weights are then multiplied by 2**gain. Blocks come in the order of their inputs.
    """
    return _bands(axis, places, ROW_BLOCK, dtype, gain, outputs_first=True)


@lru_cache(maxsize=256)
def column_bands(axis: Axis, places: int, dtype: FloatType, gain: int = 0) -> tuple[Band, ...]:
    """Blocks for a product from the right: ``weights`` is (inputs, outputs), else as `row_bands`."""
    return _bands(axis, places, COLUMN_BLOCK, dtype, gain, outputs_first=False)


def _bands(
    axis: Axis, places: int, block: int, dtype: FloatType, gain: int, *, outputs_first: bool
) -> tuple[Band, ...]:
    index, weight = _taps(axis)
    if axis.reverse:
        index, weight = index[::-1], weight[::-1]
    weight = np.ldexp(_round(weight, places), gain)
    n = axis.last - axis.first
    blocks = -(-n // block)
    of_block = np.arange(n) // block
    starts = np.minimum.reduceat(index.min(axis=1), np.arange(0, n, block))
    stops = np.maximum.reduceat(index.max(axis=1), np.arange(0, n, block)) + 1
    span = min(int((stops - starts).max()), axis.n_in)
    starts = np.minimum(starts, axis.n_in - span)
    # Several taps may fall on one clamped sample, so weights are summed into the grid, not assigned.
    row = index - starts[of_block][:, None]
    cell = (of_block[:, None] * span + row) * block + (np.arange(n) % block)[:, None]
    grid = np.bincount(cell.ravel(), weights=weight.ravel(), minlength=blocks * span * block)
    weights = grid.reshape(blocks, span, block).astype(dtype)
    if outputs_first:
        weights = np.ascontiguousarray(weights.transpose(0, 2, 1))
    bands = []
    for k, start in enumerate(starts):
        first, stop = k * block, min(k * block + block, n)
        kept = weights[k, : stop - first] if outputs_first else weights[k, :, : stop - first]
        bands.append(Band(first, stop, int(start), int(start) + span, kept))
    return tuple(reversed(bands) if axis.reverse else bands)


def _round(weight: Floats, places: int) -> Floats:
    """Round each output's weights to multiples of 2**-places that add up to exactly 1.

    By largest remainders: all are rounded down, and what is missing goes, one unit each, to those
    that lost most. No weight moves by more than a unit.
    """
    units = np.ldexp(weight, places)
    down = np.floor(units)
    missing = np.rint(2.0**places - down.sum(axis=1, keepdims=True))
    rank = np.argsort(np.argsort(down - units, axis=1, kind="stable"), axis=1, kind="stable")
    rounded: Floats = np.ldexp(down + (rank < missing), -places)
    return rounded


def _taps(axis: Axis) -> tuple[NDArray[np.int64], Floats]:
    """Input indices and weights of every wanted output, both of shape (outputs, taps)."""
    scale = axis.length / axis.n_out
    stretch = max(scale, 1.0) if axis.antialias else 1.0
    radius, function = _FILTERS[axis.filter]
    centre = axis.start + (np.arange(axis.first, axis.last) + 0.5) * scale
    if axis.antialias:
        low = np.maximum((centre - radius * stretch + 0.5).astype(np.int64), 0)
        high = np.minimum((centre + radius * stretch + 0.5).astype(np.int64), axis.n_in)
        index = low[:, None] + np.arange(int((high - low).max()))
        weight = function((index - centre[:, None] + 0.5) / stretch, _CUBIC_ANTIALIASED)
        weight[index >= high[:, None]] = 0.0
        index = np.minimum(index, high[:, None] - 1)
        weight /= weight.sum(axis=1, keepdims=True)
        return index, weight
    low = np.floor(centre - 0.5).astype(np.int64) - int(radius) + 1
    index = low[:, None] + np.arange(2 * int(radius))
    weight = function(index - centre[:, None] + 0.5, _CUBIC_PLAIN)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.clip(index, 0, axis.n_in - 1), weight


# Keys' parameter: Pillow and PyTorch's antialiased path take -1/2, PyTorch's plain path -3/4.
_CUBIC_ANTIALIASED = -0.5
_CUBIC_PLAIN = -0.75


def _triangle(x: Floats, _a: float) -> Floats:
    return np.maximum(1.0 - np.abs(x), 0.0)


def _cubic(x: Floats, a: float) -> Floats:
    """R. Keys, "Cubic convolution interpolation for digital image processing", 1981, eq. 15."""
    t = np.abs(x)
    near = ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0
    far = (((t - 5.0) * t + 8.0) * t - 4.0) * a
    return np.where(t < 1.0, near, np.where(t < 2.0, far, 0.0))


def _lanczos(x: Floats, _a: float) -> Floats:
    return np.where(np.abs(x) < 3.0, np.sinc(x) * np.sinc(x / 3.0), 0.0)


# Half-width of each filter at scale 1, and the filter itself.
_FILTERS: dict[Filter, tuple[float, Callable[[Floats, float], Floats]]] = {
    "bilinear": (1.0, _triangle),
    "bicubic": (2.0, _cubic),
    "lanczos": (3.0, _lanczos),
}
