"""Resampling, by libsoxr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def samples_after(samples: int, rate: int, wanted: int) -> int:
    """Return how many samples libsoxr makes of `samples`: it rounds halves up, in double precision."""
    return int(samples / (rate / wanted) + 0.5)


def resample(
    sound: NDArray[np.float32], rate: int, wanted: int, quality: str
) -> NDArray[np.float32]:
    """Return a sound of `rate` samples a second with `wanted` a second."""
    import soxr  # noqa: PLC0415  for whoever resamples

    planar = np.ascontiguousarray(sound)  # however it lay before, the same arithmetic
    result: NDArray[np.float32] = soxr.resample(planar.T, rate, wanted, quality)
    return result.T
