"""The weights of a resampling's second pass as banded blocks, built in one vectorised pass.

Resampling an axis is a product with a banded matrix: each output depends only on the few inputs
under its filter. Cut into blocks of neighbouring outputs, each block is a small dense matrix over a
short window of inputs. The windows start at nearly even steps; padding a few with zero weights makes
the steps even, so that one stacked product computes many blocks in one call. `column_bands` has an
example.

The weights (see `taps`) are rounded to a fixed number of binary places, with each output's weights still
adding up to exactly 1. With few enough places the float type holds every partial sum exactly, so the
result does not depend on the order of summation, the BLAS kernel, the number of threads or the
processor; see docs/decisions/exact-sums.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.kernels.image.geometry.taps import Axis, reach, rounded, taps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

# Outputs per block, one tile of the product.
COLUMN_BLOCK = 16
# Most zero weights that a window of inputs is padded with, so that windows start at even steps.
_SLACK = 3


@frozen
class BlockRun:
    """Blocks of outputs whose windows of inputs start at even steps: one stacked product.

    Parameters
    ----------
    out_start, out_step : int
        Position of the first block in the result, and the step from one block to the next. The step is
        negative for a flipped axis.
    in_start, in_step : int
        First input of the first block, and the step from one block to the next.
    weights : ndarray
        Shape (blocks, inputs, outputs), for a product from the right.
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
        """Bytes of all weights."""
        return sum(run.weights.nbytes for run in self.runs)


def weights_temporaries(axis: Axis) -> int:
    """Return an upper bound of the bytes that building an axis's weights takes, some 80 per tap."""
    outputs = axis.last - axis.first
    return outputs * (80 * reach(axis, 1) + 16 * (reach(axis, COLUMN_BLOCK) + _SLACK))


class _Block(NamedTuple):
    """Neighbouring outputs computed together: the first one, and the inputs [low, high) they need."""

    out: int
    low: int
    high: int


class _Stretch(NamedTuple):
    """Consecutive blocks, the first starting at output `out`, whose windows start at even steps.

    Block ``i`` of the stretch takes the inputs from ``start + i * step``, `inputs` of them.
    """

    out: int
    blocks: int
    start: int
    step: int
    inputs: int

    @property
    def stop(self) -> int:
        """End of the last block's window."""
        return self.start + (self.blocks - 1) * self.step + self.inputs


def column_bands(axis: Axis, places: int, dtype: str, gain: int = 0) -> Bands:
    """Return the weights of one axis, rounded to 2**-places and then times 2**gain.

    Outputs are numbered from 0, the axis's first wanted one, and inputs from 0, the image's first
    sample. The third numbering is the position in the result. It is the output's own number, or on a
    flipped axis, counted from the end.

    Take 40 inputs, 20 outputs and the triangle. Output ``o`` needs the inputs from ``2 o - 1`` to
    ``2 o + 2``, so that blocks of 8 outputs would be::

        outputs 0 to 7     _Block(out=0, low=0, high=17)
        outputs 8 to 15    _Block(out=8, low=15, high=33)
        outputs 16 to 19   _Block(out=16, low=31, high=40)    what is left is a smaller block

    Windows of one stretch have one length. The first block's gets one zero weight at its end::

        _Stretch(out=0, blocks=2, start=0, step=15, inputs=18)
        _Stretch(out=16, blocks=1, start=31, step=0, inputs=9)

    Each stretch becomes a `BlockRun`. The first starts at position 0 with step 8, or on a flipped axis
    at position 12 with step -8.
    """
    index, weight = taps(axis)
    units = np.ldexp(rounded(weight, places), gain)
    n = axis.last - axis.first
    whole = n - n % COLUMN_BLOCK
    runs, stretches = list[BlockRun](), list[_Stretch]()
    for first, last, outputs in ((0, whole, COLUMN_BLOCK), (whole, n, n - whole)):
        if first == last:
            continue
        for stretch in _stretches(_blocks(index, first, last, outputs), axis.n_in):
            out = stretch.out
            part = slice(out, out + stretch.blocks * outputs)
            weights = _grid(index[part], units[part], outputs, stretch, axis.reverse)
            place, step = (n - out - outputs, -outputs) if axis.reverse else (out, outputs)
            runs.append(BlockRun(place, step, stretch.start, stretch.step, weights.astype(dtype)))
            stretches.append(stretch)
    start = min(stretch.start for stretch in stretches)
    return Bands(start, max(stretch.stop for stretch in stretches), tuple(runs))


def _blocks(index: NDArray[np.int64], first: int, last: int, size: int) -> list[_Block]:
    """Cut the outputs from `first` to `last` into blocks; `index` has each output's inputs."""
    low = index[first:last:size, 0]
    high = index[first + size - 1 : last : size, -1] + 1
    return list(map(_Block, range(first, last, size), low.tolist(), high.tolist()))


def _stretches(blocks: list[_Block], n_in: int) -> Iterator[_Stretch]:
    """Group blocks into few stretches, whose windows may be padded but lie within the inputs."""
    count = len(blocks)
    step = round((blocks[-1].low - blocks[0].low) / (count - 1)) if count > 1 else 0
    longest = max(block.high - block.low for block in blocks) + _SLACK
    first = 0
    while first < count:
        out, start, stop = blocks[first]
        taken = 1
        while first + taken < count:
            block = blocks[first + taken]
            # Window of the stretch's first block if this block were in the stretch.
            begin = min(start, block.low - taken * step)
            end = max(stop, block.high - taken * step)
            if begin < 0 or end - begin > longest or end + taken * step > n_in:
                break
            start, stop, taken = begin, end, taken + 1
        yield _Stretch(out, taken, start, step, stop - start)
        first += taken


def _grid(
    index: NDArray[np.int64],
    units: Floats,
    size: int,
    stretch: _Stretch,
    reverse: bool,
) -> Floats:
    """Scatter taps into dense blocks. Taps on the same input, a repeated edge sample, are added up."""
    blocks, inputs = stretch.blocks, stretch.inputs
    block, output = np.divmod(np.arange(blocks * size), size)
    column = index - (stretch.start + block * stretch.step)[:, None]
    if reverse:
        output = size - 1 - output
    cell = (block[:, None] * inputs + column) * size + output[:, None]
    grid = np.bincount(cell.ravel(), units.ravel(), blocks * inputs * size)
    return cast("Floats", grid.reshape(blocks, inputs, size))
