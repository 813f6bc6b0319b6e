"""Sounds for the tests of spectrograms."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from preprocessing import AudioSpec, Media


def noise(channels: int, samples: int, seed: int = 0) -> np.ndarray:
    """Return white noise at a tenth of full scale."""
    random = np.random.default_rng(seed)
    return (0.1 * random.standard_normal((channels, samples))).astype(np.float32)


def media(sound: np.ndarray, rate: int = 16_000) -> Media:
    """Return sound as a source."""
    return Media(sound, "audio", rate)


sounds = st.builds(noise, st.integers(1, 3), st.integers(1, 700), st.integers(0, 2**32 - 1))


def spec_of(sound: np.ndarray, rate: int = 16_000) -> AudioSpec:
    """Return its spec."""
    return AudioSpec(*sound.shape, rate)
