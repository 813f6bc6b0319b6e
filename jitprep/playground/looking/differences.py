"""`Difference`: how far two results of one source are apart."""

from __future__ import annotations

from math import isfinite, log10
from typing import TYPE_CHECKING

import numpy as np

from jitprep.playground.drawing.images import is_within_unit
from preprocessing.cancellation import checkpoint
from preprocessing.frozen import frozen
from preprocessing.preview.images import normalized_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.media import Array, Spec
    from preprocessing.transforms import Transform

# Values that are compared at once: their differences are float64.
_PIECE = 2**20
# Kinds whose values have a peak.
_SEEN = frozenset({"image", "video", "views"})


@frozen
class Difference:
    """How far two results of one source are apart.

    Parameters
    ----------
    identical : bool
        Whether all values are the same.
    most, mean : float, optional
        Of the absolute differences of values that are finite in both; None for text.
    share : float
        Of the values that differ, from 0 to 1.
    decibels : float, optional
        Peak signal-to-noise ratio of images, as tolerances state it. The peak is the largest value of
        an integer, and 1 for a float, once its normalisation is undone. None for other kinds, for
        floats of another range, and where nothing differs.
    """

    identical: bool
    most: float | None
    mean: float | None
    share: float
    decibels: float | None


NO_DIFFERENCE = Difference(True, 0.0, 0.0, 0.0, None)


def measure_difference(
    one: Array, other: Array, spec: Spec, steps: Sequence[Transform]
) -> Difference:
    """Compare two results.

    Parameters
    ----------
    one, other : ndarray
        Of the same shape.
    spec : Spec
        Of both.
    steps : sequence of Transform
        The steps that made them.
    """
    if one.dtype.kind not in "biuf":
        share = float(np.mean(one != other)) if one.size else 0.0
        return Difference(share == 0, None, None, share, None)
    if not one.size:
        return NO_DIFFERENCE
    sums = _Sums(_units(one, spec, steps))
    parts = -(-one.size // _PIECE)
    longest = int(np.argmax(one.shape))
    for a, b in zip(*(np.array_split(of, parts, axis=longest) for of in (one, other)), strict=True):
        checkpoint()
        sums.add(a, b)
    return sums.difference(one.size)


class _Sums:
    """Sums over pairs of values.

    Parameters
    ----------
    units : ndarray, optional
        What a difference of 1 is of the peak, for each channel.
    """

    def __init__(self, units: Array | None) -> None:
        self._units = units
        self._most = self._total = self._squares = 0.0
        self._differing = self._finite = 0

    def add(self, one: Array, other: Array) -> None:
        """Add the values of two arrays of the same shape."""
        if not one.size:
            return
        equal = (one == other) | (np.isnan(one) & np.isnan(other))
        self._differing += equal.size - int(np.count_nonzero(equal))
        finite = np.isfinite(one) & np.isfinite(other)
        self._finite += int(np.count_nonzero(finite))
        with np.errstate(invalid="ignore"):
            apart = np.abs(np.subtract(one, other, dtype=np.float64))
        apart[~finite] = 0
        self._most = max(self._most, float(apart.max()))
        self._total += float(apart.sum())
        if self._units is not None:
            self._squares += float(np.square(apart * self._units).sum())

    def difference(self, size: int) -> Difference:
        """Return what was found."""
        mean = self._total / max(self._finite, 1)
        noise = self._squares / max(self._finite, 1)
        decibels = -10 * log10(noise) if noise > 0 and isfinite(noise) else None
        share = self._differing / size
        return Difference(self._differing == 0, self._most, mean, share, decibels)


def _units(array: Array, spec: Spec, steps: Sequence[Transform]) -> Array | None:
    """Return the share of the peak that 1 is, for each channel; None for values without a peak."""
    if spec.kind not in _SEEN:
        return None
    if array.dtype.kind in "iu":
        return np.array(1 / np.iinfo(array.dtype).max)
    normalization = normalized_by(steps)
    if normalization is not None:
        std = np.array(normalization.constants[1], np.float64)
        return std if array.shape[-1] == std.size else None
    return np.array(1.0) if is_within_unit(array) else None
