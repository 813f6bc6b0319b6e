"""Resampling weights as banded blocks, built in one vectorised pass and cached.

A separable resampling is a product with a banded matrix: output sample ``o`` depends only on the few
input samples under its filter. Cut into blocks of neighbouring outputs, each block is a small dense
matrix over a short run of inputs. The blocks' inputs start at nearly even steps; where they are made
even, at the price of a few zeros, one stacked product does many blocks in one call.

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

from collections.abc import Callable, Iterator
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast

import numpy as np

from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

Filter: TypeAlias = Literal["bilinear", "bicubic", "lanczos"]
FloatType: TypeAlias = Literal["float32", "float64"]

# Outputs a block: measured best, or tied, at every scale. Rows are wide, and of eight outputs most of a
# block's inputs count; columns are many, and sixteen are one tile of the product.
ROW_BLOCK = 8
COLUMN_BLOCK = 16
# Zeros that a block may be padded with so that its inputs start at an even step.
_SLACK = 3


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
class BlockRun:
    """Blocks of outputs whose inputs start at even steps: one stacked product.

    Parameters
    ----------
    out_start, out_step : int
        Position of the first block's first output, and from one block to the next.
    in_start, in_step : int
        The same of the inputs.
    weights : ndarray
        Shape (blocks, outputs, inputs) for a product from the left, (blocks, inputs, outputs) for one
        from the right.
    """

    out_start: int
    out_step: int
    in_start: int
    in_step: int
    weights: NDArray[np.floating[Any]]


@frozen
class Bands:
    """The weights of one axis, over inputs from `start` to `stop`."""

    start: int
    stop: int
    runs: tuple[BlockRun, ...]

    @property
    def nbytes(self) -> int:
        """Of all weights."""
        return sum(run.weights.nbytes for run in self.runs)


def row_bands(axis: Axis, places: int, dtype: FloatType, gain: int = 0) -> Bands:
    """Weights, to 2**-places and then times 2**gain, for products from the left."""
    return _kept_bands((axis, places, dtype, gain, ROW_BLOCK, True))


def column_bands(axis: Axis, places: int, dtype: FloatType, gain: int = 0) -> Bands:
    """Weights, to 2**-places and then times 2**gain, for products from the right."""
    return _kept_bands((axis, places, dtype, gain, COLUMN_BLOCK, False))


# Weights that were made before, the oldest first: at most so many bytes, as those of one axis may be
# megabytes.
_KEPT_BYTES = 24 * 2**20
_kept: dict[tuple[Any, ...], Bands] = {}
_kept_lock = Lock()


def _kept_bands(asked: tuple[Axis, int, FloatType, int, int, bool]) -> Bands:
    bands = _kept.get(asked)
    if bands is None:
        bands = _bands(*asked)
        with _kept_lock:
            _kept[asked] = bands
            total = sum(kept.nbytes for kept in _kept.values())
            while total > _KEPT_BYTES:
                total -= _kept.pop(next(iter(_kept))).nbytes
    return bands


def reach(axis: Axis, count: int) -> int:
    """Return how many inputs, at most, a run of so many outputs depends on."""
    scale = axis.length / axis.n_out
    stretch = max(scale, 1.0) if axis.antialias else 1.0
    return min(axis.n_in, ceil((count - 1) * scale + 2 * _FILTERS[axis.filter][0] * stretch) + 6)


def weighing(axis: Axis) -> int:
    """Return how many bytes it takes, at most, to make the weights of an axis; each tap some 80."""
    outputs = axis.last - axis.first
    return outputs * (80 * reach(axis, 1) + 16 * (reach(axis, COLUMN_BLOCK) + _SLACK))


def _bands(
    axis: Axis, places: int, dtype: FloatType, gain: int, block: int, from_left: bool
) -> Bands:
    index, weight = _taps(axis)
    units = np.ldexp(_round(weight, places), gain)
    n = axis.last - axis.first
    whole = n - n % block
    runs, starts, stops = [], list[int](), list[int]()
    for first, last, size in ((0, whole, block), (whole, n, n - whole)):
        if first == last:
            continue
        low, high = index[first:last:size, 0], index[first + size - 1 : last : size, -1] + 1
        for stretch in _stretches(low.tolist(), high.tolist(), axis.n_in):
            out = first + stretch.first * size
            part = slice(out, out + stretch.blocks * size)
            weights = _grid(index[part], units[part], size, stretch, axis.reverse, from_left)
            place, step = (n - out - size, -size) if axis.reverse else (out, size)
            runs.append(BlockRun(place, step, stretch.start, stretch.step, weights.astype(dtype)))
            starts.append(stretch.start)
            stops.append(stretch.start + (stretch.blocks - 1) * stretch.step + stretch.inputs)
    return Bands(min(starts), max(stops), tuple(runs))


class _Stretch(NamedTuple):
    """Blocks from `first` on whose inputs, all `inputs` long, begin at `start`, `start` + `step`..."""

    first: int
    blocks: int
    start: int
    step: int
    inputs: int


def _stretches(low: list[int], high: list[int], n_in: int) -> Iterator[_Stretch]:
    """Cut blocks that need the inputs [low, high) into few stretches, all inside [0, n_in)."""
    count = len(low)
    step = round((low[-1] - low[0]) / (count - 1)) if count > 1 else 0
    longest = max(last - first for first, last in zip(low, high, strict=True)) + _SLACK
    first = 0
    while first < count:
        start, stop, blocks = low[first], high[first], 1
        while first + blocks < count:
            # Where the first block would begin and end if this one were in the same stretch.
            begin = min(start, low[first + blocks] - blocks * step)
            end = max(stop, high[first + blocks] - blocks * step)
            if begin < 0 or end - begin > longest or end + blocks * step > n_in:
                break
            start, stop, blocks = begin, end, blocks + 1
        yield _Stretch(first, blocks, start, step, stop - start)
        first += blocks


def _grid(
    index: NDArray[np.int64],
    units: Floats,
    size: int,
    stretch: _Stretch,
    reverse: bool,
    from_left: bool,
) -> Floats:
    """Scatter taps into dense blocks. Several may fall on one repeated sample, and are added up."""
    blocks, inputs = stretch.blocks, stretch.inputs
    block, output = np.divmod(np.arange(blocks * size), size)
    column = index - (stretch.start + block * stretch.step)[:, None]
    if reverse:
        output = size - 1 - output
    if from_left:
        shape = (blocks, size, inputs)
        cell = ((block * size + output) * inputs)[:, None] + column
    else:
        shape = (blocks, inputs, size)
        cell = (block[:, None] * inputs + column) * size + output[:, None]
    grid = np.bincount(cell.ravel(), units.ravel(), blocks * size * inputs)
    return cast("Floats", grid.reshape(shape))


def _round(weight: Floats, places: int) -> Floats:
    """Round each output's weights to multiples of 2**-places that add up to exactly 1.

    Their running sum is rounded, and its differences taken. No weight moves by as much as a unit, and
    what one loses its neighbour gains, so that errors cancel wherever neighbouring samples are alike.
    """
    sums = np.rint(np.ldexp(np.cumsum(weight, axis=1), places))
    sums[:, 1:] -= sums[:, :-1].copy()
    rounded: Floats = np.ldexp(sums, -places)
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
