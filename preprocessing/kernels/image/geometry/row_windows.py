"""The weights of a resampling's first pass: for each output row, its own short window of input rows.

An output row is a product of few weights with as many rows of the image: a vector times a matrix, for
which BLAS reads each row where it lies. A matrix product of several outputs at once would first copy all
of its input into an order of its own, and multiply most of it by zero.

Many outputs are computed in one stacked product if their windows start at even steps. At most scales
some small number of outputs spans nearly a whole number of inputs. So the outputs are dealt out to as
many series in turn, and windows are padded a little: the windows of a series then keep an even step for
many outputs, and often so do those of neighbouring series. `_spreads` has an example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.kernels.image.geometry.taps import rounded, taps, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from preprocessing.kernels.image.geometry.taps import Axis

    Integers = NDArray[np.int64]

# BLAS adds up this many rows at a time, so that fewer are not faster.
_ROWS_AT_ONCE = 4
# Numbers of series that outputs may be dealt out to.
_SERIES = np.arange(1.0, 17.0)
# What a group takes beside its products, in calls: its rows are cast and its result is reordered.
_CALLS_OF_A_GROUP = 2.5
_TINY = 1e-9


@frozen
class SeriesRun:
    """Neighbouring series of a group whose windows start at even steps: one stacked product.

    Parameters
    ----------
    first : int
        The first series.
    in_start, in_next : int
        First input row of the first series, counted from the group's, and the step to the next series.
    weights : ndarray
        Shape (outputs of a series, series, 1, 1, inputs).
    """

    first: int
    in_start: int
    in_next: int
    weights: NDArray[np.floating[Any]]


@frozen
class WindowGroup:
    """Consecutive outputs, dealt out to series in turn.

    Parameters
    ----------
    out, outputs : int
        The first output, and their number.
    series, count : int
        The number of series, and of outputs in each. The last of some series may be beyond the outputs;
        they have no weights.
    start, stop : int
        The input rows of all windows. Some may be outside the image; they have no weights.
    in_step : int
        The step of the windows from one output of a series to the next.
    runs : tuple of SeriesRun
    """

    out: int
    outputs: int
    series: int
    count: int
    start: int
    stop: int
    in_step: int
    runs: tuple[SeriesRun, ...]


@frozen
class RowWindows:
    """The weights of all output rows.

    Parameters
    ----------
    inputs : int
        Length of each window.
    groups : tuple of WindowGroup
    """

    inputs: int
    groups: tuple[WindowGroup, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all weights."""
        return sum(run.weights.nbytes for group in self.groups for run in group.runs)


def row_windows(axis: Axis, places: int, dtype: str, gain: int, rows: int) -> RowWindows:
    """Return weights, rounded to 2**-places and then times 2**gain.

    Parameters
    ----------
    axis : Axis
    places, gain : int
    dtype : str
    rows : int
        Most input rows of a group, unless one output of each series needs more.

    Returns
    -------
    RowWindows
        Of the outputs as they lie in the result: on a reversed axis the last comes first.
    """
    index, weight = taps(axis)
    units = np.ldexp(rounded(weight, places), gain)
    scale = axis.length / axis.n_out
    if axis.reverse:
        index, units, scale = index[::-1], units[::-1], -scale
    used = units != 0
    low = np.where(used, index, axis.n_in).min(axis=1)
    high = np.where(used, index, -1).max(axis=1) + 1
    inputs = -(-int((high - low).max()) // _ROWS_AT_ONCE) * _ROWS_AT_ONCE
    series, count = _best_series(scale, len(index), inputs - width(axis), max(rows - inputs, 0))
    groups = []
    for spread in _spreads(low, high - inputs, series, round(series * scale), count):
        part = slice(spread.out, spread.out + spread.outputs * spread.series)
        groups.append(_group(index[part], units[part], spread, inputs, dtype))
    return RowWindows(inputs, tuple(groups))


def _best_series(scale: float, n: int, spare: float, rows: int) -> tuple[int, int]:
    """Return the number of series, and of outputs of each in a group, that take the fewest calls.

    Parameters
    ----------
    scale : float
        By how much windows move from one output to the next.
    n : int
        The number of outputs.
    spare : float
        By how much a window is wider than the filter.
    rows : int
        Most input rows of a group, beside those of one window.
    """
    move = abs(scale)
    series = _SERIES[: max(min(n, int(rows / move)), 1)]
    # A series' steps are whole inputs. The windows drift by what these miss, and may do so by `spare`;
    # as they begin at whole inputs, by some more.
    missed = np.abs(series * scale - np.rint(series * scale)) + _TINY
    longest = np.minimum(1 + (spare + 1 / series) / missed, rows / (series * move))
    groups = np.ceil(np.ceil(n / series) / np.maximum(longest, 1))
    count = np.ceil(np.ceil(n / series) / groups)
    # What is left of it, neighbouring series share.
    left = np.maximum(spare + 0.5 - (count - 1) * missed, 0)
    runs = np.ceil(series / (1 + left / (abs(scale - round(scale)) + _TINY)))
    best = int(np.argmin(groups * (runs + _CALLS_OF_A_GROUP)))
    return best + 1, int(count[best])


class _Spread(NamedTuple):
    """Outputs from `out` on, dealt out to series of `outputs` each.

    The first window of each series may start anywhere from `earliest` to `latest`.
    """

    out: int
    series: int
    outputs: int
    step: int
    earliest: list[int]
    latest: list[int]


def _spreads(
    low: Integers, least: Integers, series: int, step: int, longest: int
) -> Iterator[_Spread]:
    """Cut the outputs into few groups of series; each window starts from `least` to `low`.

    Take 375 inputs, 256 outputs and the triangle. An output has 3 weights, and its window is padded to 4
    inputs. Two outputs span 2.93 inputs. So in two series windows start at steps of 3, and after 14
    outputs are an input too late, which the padding makes up for, and after 28 outputs two. So a group
    has some 20 outputs in each of two series.
    """
    n = len(low)
    count = -(-n // series)
    drift = step * np.arange(count)[:, None]
    # What is missing in the last row may start anywhere.
    far = np.iinfo(np.int64).max // 2
    latest, earliest = np.full(count * series, far), np.full(count * series, -far)
    latest[:n], earliest[:n] = low, least
    latest, earliest = (bound.reshape(count, series) - drift for bound in (latest, earliest))
    first = 0
    while first < count:
        part = slice(first, first + longest)
        until = np.minimum.accumulate(latest[part])
        since = np.maximum.accumulate(earliest[part])
        fits = np.all(since <= until, axis=1)
        taken = fits.size if fits.all() else int(fits.argmin())
        out, moved = first * series, step * first
        used = min(series, n - out)
        bounds = (bound[taken - 1, :used] + moved for bound in (since, until))
        yield _Spread(out, used, taken, step, *(bound.tolist() for bound in bounds))
        first += taken


def _group(
    index: Integers, units: NDArray[np.float64], spread: _Spread, inputs: int, dtype: str
) -> WindowGroup:
    """Choose where the windows start, and scatter the taps into them."""
    stretches = list(_stretches(spread))
    starts = np.array(
        [start + i * step for start, step, series in stretches for i in range(series)]
    )
    k, i = np.divmod(np.arange(len(index)), spread.series)
    # A tap beside its window has no weight. Taps on one input, a repeated edge sample, are added up.
    column = (index - (starts[i] + k * spread.step)[:, None]).clip(0, inputs - 1)
    cell = (np.arange(len(index)) * inputs)[:, None] + column
    shape = (spread.outputs, spread.series, 1, 1, inputs)
    size = spread.outputs * spread.series * inputs
    weights = np.bincount(cell.ravel(), units.ravel(), size).astype(dtype).reshape(shape)
    reach = spread.step * (spread.outputs - 1)
    start = int(starts.min()) + min(reach, 0)
    stop = int(starts.max()) + max(reach, 0) + inputs
    runs, first = [], 0
    for begin, step, series in stretches:
        runs.append(SeriesRun(first, begin - start, step, weights[:, first : first + series]))
        first += series
    return WindowGroup(
        *(spread.out, len(index), spread.series, spread.outputs, start, stop, spread.step),
        tuple(runs),
    )


def _stretches(spread: _Spread) -> Iterator[tuple[int, int, int]]:
    """Yield neighbouring series that start at even steps: the first start, the step, their number."""
    series = 0
    while series < spread.series:
        best = (0, spread.latest[series], 0)
        for start in range(spread.earliest[series], spread.latest[series] + 1):
            for following in _steps(spread, series, start):
                taken = 1
                for low, high in zip(
                    spread.earliest[series + 1 :], spread.latest[series + 1 :], strict=True
                ):
                    if not low <= start + taken * following <= high:
                        break
                    taken += 1
                best = max(best, (taken, start, following))
        taken, start, following = best
        yield start, following, taken
        series += taken


def _steps(spread: _Spread, series: int, start: int) -> range:
    if series + 1 == spread.series:
        return range(1)
    return range(spread.earliest[series + 1] - start, spread.latest[series + 1] - start + 1)
