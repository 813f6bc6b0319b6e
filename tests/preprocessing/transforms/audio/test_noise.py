"""Noise is normally distributed, and the same for ever."""

from __future__ import annotations

import hashlib
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import Pipeline, Seed
from preprocessing.kernels.audio.noise import add_noise, gaussian, quantile

from ...support.sounds import chord, media

words = st.integers(0, 2**32 - 1) | st.integers(0, 2**12) | st.integers(2**32 - 2**12, 2**32 - 1)


@given(st.lists(words, min_size=1, max_size=20))
def test_quantiles_are_the_normal_distributions(drawn: list[int]) -> None:
    expected = [NormalDist().inv_cdf((word + 0.5) / 2**32) for word in drawn]
    made = quantile(np.array(drawn, np.uint32))
    np.testing.assert_allclose(made, expected, rtol=0, atol=2e-6)


def test_moments_and_spectrum_are_those_of_white_noise() -> None:
    noise = gaussian(b"white", 2**18)
    moments = [np.mean(noise**power) for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0, 1, 0, 3], abs=0.04)
    power = np.abs(np.fft.rfft(noise)[1:]) ** 2 / len(noise)
    eighths = power[: 2**17].reshape(8, -1).mean(axis=1)
    assert eighths == pytest.approx([1.0] * 8, abs=0.04)


def test_the_bytes_are_what_they_were() -> None:
    """A change of these is a change of every user's data."""
    noisy = add_noise(chord(samples=70_000), 10.0, 7)
    assert hashlib.sha256(noisy.tobytes()).hexdigest()[:16] == "335956b4ee628be4"


def test_channels_and_blocks_have_noises_of_their_own() -> None:
    sound = np.ones((2, 3 * 2**16), np.float32)
    parts = (add_noise(sound, 0.0, 1) - 1).reshape(6, -1)
    assert np.abs(np.corrcoef(parts) - np.eye(6)).max() < 0.02


def test_a_seed_decides() -> None:
    p = Pipeline.parse("random_crop:2000/add_noise:5,25/wav")
    source = media(chord())
    first = p.encode(source, seed=1)
    assert p.encode(source, seed=1).body == first.body
    assert p.encode(source, seed=2).body != first.body
    assert first.metadata["seed"] == "1"
    keys = {bytes(p.encode(source, seed=Seed(1, key, '"e"')).body) for key in "abc"}
    assert len(keys) == 3
