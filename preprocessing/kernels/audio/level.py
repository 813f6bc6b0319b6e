"""Normalisation of a sound's level: to a peak or to a loudness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.audio.loudness import filtering_bytes, loudness
from preprocessing.kernels.temporaries import temporaries

if TYPE_CHECKING:
    from numpy.typing import NDArray


def normalize_peak(sound: NDArray[np.float32], peak_db: float) -> NDArray[np.float32]:
    """Scale the sound so that the largest sample of all channels is at `peak_db`; keep silence."""
    largest = max(-float(sound.min()), float(sound.max()))
    if largest == 0:
        return sound
    # A double, so that the largest becomes the peak to the bit, and a second time changes nothing.
    return _times(sound, float(np.float32(10 ** (peak_db / 20))) / largest)


@temporaries(lambda _, __, rate, ___: filtering_bytes(rate))
def normalize_loudness(sound: NDArray[np.float32], rate: int, lufs: float) -> NDArray[np.float32]:
    """Scale the sound to a loudness of `lufs`; keep a sound too quiet to measure."""
    measured = loudness(sound, rate)
    if measured is None:
        return sound
    # Rounded, because processors differ in the last places of a Fourier transform.
    return _times(sound, float(np.float32(10 ** ((lufs - measured) / 20))))


def _times(sound: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
    result = np.empty(sound.shape, np.float32)
    np.multiply(sound, gain, out=result, dtype=np.float64, casting="same_kind")
    return result
