"""Slices of a sound, its channels' mean, and pre-emphasis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.temporaries import per_sample, temporaries

if TYPE_CHECKING:
    from numpy.typing import NDArray


def piece(sound: NDArray[np.float32], first: int, samples: int) -> NDArray[np.float32]:
    """Return `samples` samples from `first` on, which may be negative; zero outside of the sound.

    The result is a view if it lies inside the sound.
    """
    length = sound.shape[1]
    begin, end = max(first, 0), min(first + samples, length)
    if begin == first and end == first + samples:
        return sound[:, begin:end]
    result = np.zeros((len(sound), samples), np.float32)
    if begin < end:
        result[:, begin - first : end - first] = sound[:, begin:end]
    return result


@temporaries(lambda before, *_: 16 * (before.samples or 0))
def mean_of_channels(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the channels, rounded once."""
    total = sound[0].astype(np.float64)
    for channel in sound[1:]:
        total += channel
    mean: NDArray[np.float32] = (total / len(sound)).astype(np.float32)
    return mean[None]


@temporaries(per_sample(4))
def pre_emphasize(sound: NDArray[np.float32], coefficient: float) -> NDArray[np.float32]:
    """Return each sample less `coefficient` times the one before it, the first as it is."""
    result = np.array(sound, np.float32, order="C")
    result[:, 1:] -= sound[:, :-1] * np.float32(coefficient)
    return result
