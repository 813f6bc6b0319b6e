"""Resampling of sound, by libsoxr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.temporaries import samples, temporaries

if TYPE_CHECKING:
    from numpy.typing import NDArray


# Seconds in one call to libsoxr, which cannot be cancelled: per sample of the higher rate, and for the
# filter, which is as long as the ratio of the rates. From 192 kHz to 1 Hz it takes 4 to 10 s.
_SAMPLE_S, _FILTER_S = 30e-9, 40e-6


def samples_after(samples: int, rate: int, wanted: int) -> int:
    """Return the number of samples after resampling; libsoxr rounds halves up in double precision."""
    return int(samples / (rate / wanted) + 0.5)


@temporaries(lambda before, after, *_: 8 * samples(before) + 4 * samples(after))
def resample(
    sound: NDArray[np.float32], rate: int, wanted: int, quality: str
) -> NDArray[np.float32]:
    """Return a sound with a sampling rate of `rate` resampled to `wanted`."""
    import soxr  # noqa: PLC0415  an optional dependency

    each_s = _SAMPLE_S * max(sound.size, sound.size * wanted / rate)
    checkpoint(lasting=each_s + _FILTER_S * rate / wanted)
    planar = np.ascontiguousarray(sound)  # the same arithmetic whatever the strides
    result: NDArray[np.float32] = soxr.resample(planar.T, rate, wanted, quality)
    return result.T
