"""The two passes of a resampling, with everything prepared that is the same for images of one shape.

A pass makes few calls, and they take views whose shapes and steps are computed once: after a decoder has
used all of the processor's caches, each line of Python takes several times as long as in a loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.frozen import frozen
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.kernels.image.geometry.bands import Bands
    from preprocessing.kernels.image.geometry.row_windows import RowWindows, SeriesRun, WindowGroup
    from preprocessing.media import Array

    # Shape, offset in bytes and strides, as numpy.ndarray takes them.
    View: TypeAlias = tuple[tuple[int, ...], int, tuple[int, ...]]

FloatType: TypeAlias = Literal["float32", "float64"]
# Input rows cast at a time: as many as stay in a core's own cache with what is made of them. Where that
# is few, calls would take more time than the cache saves.
_CACHED_BYTES = 384 * 2**10
_FEW_ROWS, _FEW_ROWS_BYTES = 96, 2 * 2**20
# Most weights times samples of one product: OpenBLAS takes several threads for 9,216 or more.
_LONGEST_PRODUCT = 9000
# Samples that the second pass computes between two checkpoints; most images have fewer in all.
_PASS_SAMPLES = 2**24


@frozen
class Precision:
    """Float types and binary places that make every sum of a resampling exact.

    A sample of ``b`` bits times a weight of ``p`` places has ``b + p`` bits. Because of the filters'
    negative lobes a sum may approach twice the largest sample, which takes one more bit. float32 holds
    24 bits, float64 holds 53.

    Parameters
    ----------
    rows, columns : str
        Float types of the first and the second pass.
    row_places, column_places : int
        Binary places of the weights of the first and the second pass.
    kept_places : int, optional
        Binary places that the half-resampled image is rounded to between the passes.
    """

    rows: FloatType
    row_places: int
    columns: FloatType
    column_places: int
    kept_places: int | None = None


def rows_at_once(samples: int, how: Precision) -> int:
    """Return how many rows of so many samples the first pass should cast at a time."""
    nbytes = samples * np.dtype(how.rows).itemsize
    return max(_CACHED_BYTES // nbytes, min(_FEW_ROWS, _FEW_ROWS_BYTES // nbytes))


class _Product(NamedTuple):
    """A stacked product of weights with a view of the strip, into a view of the half-resampled rows."""

    weights: NDArray[Any]
    sources: View
    results: View


class _Step(NamedTuple):
    """What is done for a group of windows.

    Parameters
    ----------
    rows : slice
        The image's rows to cast.
    place : slice
        Where in the strip they go.
    empty : tuple of slices
        Rows of the strip that are outside the image.
    products : tuple of _Product
    done, out : slice
        The rows computed, and where they are in the result.
    """

    rows: slice
    place: slice
    empty: tuple[slice, ...]
    products: tuple[_Product, ...]
    done: slice
    out: slice


class RowsPass:
    """The first pass: it resamples rows.

    Parameters
    ----------
    windows : RowWindows
    shape : (int, int, int)
        Of the images: height, width and channels.
    height : int
        Rows of the result.
    how : Precision
    """

    def __init__(
        self, windows: RowWindows, shape: tuple[int, int, int], height: int, how: Precision
    ) -> None:
        n_in, width, channels = shape
        self._line = width * channels
        # Each part of a row is a product of its own; the last one is padded.
        parts = -(-self._line * windows.inputs // _LONGEST_PRODUCT)
        part = -(-self._line // parts)
        item = np.dtype(how.rows).itemsize
        self._how = how
        self._strip = (max(group.stop - group.start for group in windows.groups), parts * part)
        self._half = (max(group.count * group.series for group in windows.groups), parts * part)
        self._planar = (channels, height, width)
        self._steps = [
            _step(group, n_in, windows.inputs, (parts, part, item)) for group in windows.groups
        ]

    def run(self, image: Array) -> NDArray[Any]:
        """Return the lines of all channels, (C * height, W), in this thread's scratch memory."""
        how, line = self._how, self._line
        channels, height, width = self._planar
        strip = scratch("strip", self._strip, how.rows)
        half = scratch("half", self._half, how.rows)
        planar = scratch("planar", self._planar, how.columns)
        if strip.shape[1] > line:
            strip[:, line:] = 0
        pixels = strip[:, :line].reshape(-1, width, channels)
        planes = half[:, :line].reshape(-1, width, channels).transpose(2, 0, 1)
        for step in self._steps:
            checkpoint()
            np.copyto(pixels[step.place], image[step.rows])
            for rows in step.empty:
                strip[rows] = 0
            for weights, sources, results in step.products:
                np.matmul(weights, _view(strip, sources), out=_view(half, results))
            if how.kept_places is None:
                np.copyto(planar[:, step.out], planes[:, step.done])
            else:
                np.rint(planes[:, step.done], out=planar[:, step.out])
        return planar.reshape(channels * height, width)


def _step(group: WindowGroup, n_in: int, inputs: int, lines: tuple[int, int, int]) -> _Step:
    """Prepare a group; `lines` are the parts of a row, their samples and the bytes of one."""
    before, after = max(-group.start, 0), min(group.stop, n_in) - group.start
    empty = slice(0, before), slice(after, group.stop - group.start)
    return _Step(
        slice(group.start + before, group.start + after),
        slice(before, after),
        tuple(rows for rows in empty if rows.start < rows.stop),
        tuple(_product(group, run, inputs, *lines) for run in group.runs),
        slice(0, group.outputs),
        slice(group.out, group.out + group.outputs),
    )


def _product(
    group: WindowGroup, run: SeriesRun, inputs: int, parts: int, part: int, item: int
) -> _Product:
    row = parts * part * item
    count, series = run.weights.shape[:2]
    return _Product(
        run.weights,
        (
            (count, series, parts, inputs, part),
            run.in_start * row,
            (group.in_step * row, run.in_next * row, part * item, row, item),
        ),
        (
            (count, series, parts, 1, part),
            run.first * row,
            (group.series * row, row, part * item, row, item),
        ),
    )


class ColumnsPass:
    """The second pass: it resamples columns, of all channels in one product."""

    def __init__(self, bands: Bands) -> None:
        self._bands = bands

    def run(self, planar: NDArray[Any], result: NDArray[Any]) -> None:
        """Resample lines of shape (C * H, W) to (C * H, columns wanted).

        The first column of `planar` is the bands' first input.
        """
        rows = max(1, _PASS_SAMPLES // max(planar.shape[1], result.shape[1]))
        for start in range(0, len(planar), rows):
            checkpoint()
            self._multiply(planar[start : start + rows], result[start : start + rows])

    def _multiply(self, planar: NDArray[Any], result: NDArray[Any]) -> None:
        lines, width = planar.shape
        across, item = result.shape[1] * planar.itemsize, planar.itemsize
        for run in self._bands.runs:
            blocks, inputs, outputs = run.weights.shape
            sources = (
                (blocks, lines, inputs),
                (run.in_start - self._bands.start) * item,
                (run.in_step * item, width * item, item),
            )
            results = (
                (blocks, lines, outputs),
                run.out_start * item,
                (run.out_step * item, across, item),
            )
            np.matmul(_view(planar, sources), run.weights, out=_view(result, results))


def _view(buffer: NDArray[Any], view: View) -> NDArray[Any]:
    shape, offset, strides = view
    return np.ndarray(shape, buffer.dtype, buffer, offset, strides)
