"""An array in numbers: its `Numbers`, and single values as JSON takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from jitprep.playground.drawing.view import Numbers
from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from preprocessing.media import Array

# How many values are shown at either end of each axis, by the number of axes.
_ENDS = {1: 60, 2: 8, 3: 3}
_MOST_CHARACTERS = 8000
# Values that are summed at once: their squares are float64.
_PIECE = 2**21


def in_numbers(array: Array) -> Numbers:
    """Return the shape, the type, the range and the outer values of an array.

    Values that are not finite are left out of the range, the mean and the standard deviation.
    """
    found: Iterable[float | None] = (None,) * 4
    if array.dtype.kind in "biuf" and array.size:
        with np.errstate(over="ignore", invalid="ignore"):
            found = [value if isfinite(value) else None for value in _statistics(array)]
    least, most, mean, std = found
    return Numbers(tuple(array.shape), str(array.dtype), least, most, mean, std, _text(array))


def not_finite(array: Array) -> dict[str, int]:
    """Return how many values are NaN, and how many infinite, where there are any."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return {}
    found = {"nan": np.isnan(array).sum(), "infinite": np.isinf(array).sum()}
    return {name: int(count) for name, count in found.items() if count}


def for_json(value: Any) -> float | bool | str:
    """Return a value of an array as JSON takes it: as text where it is not finite.

    A float has as many digits as tell it from its neighbours in its own type.
    """
    plain: float | bool | str = value.item()
    if not isinstance(plain, float):
        return plain
    return float(str(value)) if isfinite(plain) else str(plain)


def _statistics(array: Array) -> tuple[float, ...]:
    """Return the least, the most, the mean and the standard deviation."""
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        if not finite.all():
            array = array[finite]
            if not array.size:
                return (np.nan,) * 4
    extremes = float(array.min()), float(array.max())
    if array.dtype == np.uint8:
        counts, levels = np.zeros(256), np.arange(256.0)
        for piece in _pieces(array):
            counts += np.bincount(piece.reshape(-1), minlength=256)
        mean = float(counts @ levels) / array.size
        return *extremes, mean, float(counts @ (levels - mean) ** 2 / array.size) ** 0.5
    total = sum(float(piece.sum(dtype=np.float64)) for piece in _pieces(array))
    mean = total / array.size
    squares = sum(float(np.square(np.subtract(p, mean, dtype=float)).sum()) for p in _pieces(array))
    return *extremes, mean, (squares / array.size) ** 0.5


def _pieces(array: Array) -> Iterator[Array]:
    """Yield an array in parts along its longest axis."""
    longest = int(np.argmax(array.shape))
    count = min(-(-array.size // _PIECE), array.shape[longest])
    for piece in np.array_split(array, count, axis=longest):
        checkpoint()
        yield piece


def _text(array: Array) -> str:
    """Return the outer values as NumPy prints them; nothing for text."""
    if array.dtype.kind not in "biuf":
        return ""
    ends = _ENDS.get(array.ndim, 2)
    text = np.array2string(array, threshold=0, edgeitems=ends, max_line_width=100)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
