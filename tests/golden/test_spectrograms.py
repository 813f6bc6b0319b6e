"""Spectrograms are what torchaudio, librosa and whisper make; see `make_spectrograms.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preprocessing import Media, Pipeline

with np.load(Path(__file__).with_name("spectrograms.npz")) as stored:
    GOLDENS = dict(stored)
SOUND = GOLDENS["sound"].astype(np.float32) / 32_768
KEYS = [key for key in GOLDENS if key not in ("made by", "sound", "half a minute")]


def tolerance(step: str, expected: np.ndarray) -> np.ndarray:
    """What the docstring of each step states."""
    if step.startswith("mel_spectrogram"):
        return 1e-4 * expected + 1e-7 * expected.max()
    of_range = {"spectrogram": 1e-5 * expected.max(), "mfcc": 1e-3, "stretch": 1e-5}
    absolute = {"log_mel:whisper": 5e-5, "log_mel:librosa": 1e-3}
    bound = next(t for name, t in (of_range | absolute).items() if step.startswith(name))
    return np.full(expected.shape, bound)


@pytest.mark.parametrize("key", KEYS)
def test_a_step_gives_what_the_reference_gives(key: str) -> None:
    rate, _, step = key.partition(" ")
    result = Pipeline.parse(step)(Media(SOUND, "audio", int(rate)))
    expected = GOLDENS[key]
    assert result.shape == expected.shape
    off = np.abs(result.astype(np.float64) - expected)
    assert (off <= tolerance(step, expected.astype(np.float64))).all(), off.max()


def test_half_a_minute_is_what_whisper_hears() -> None:
    """30 s, as the model takes them: the first channel again and again, at seven loudnesses."""
    parts = [np.ldexp(SOUND[:1], -(i % 7)).astype(np.float32) for i in range(80)]
    sound = np.concatenate(parts, axis=1)
    assert sound.shape == (1, 480_000)
    result = Pipeline.parse("log_mel:whisper")(Media(sound, "audio", 16_000))
    assert result.shape == (1, 80, 3000)
    assert np.abs(result[0, :, ::40] - GOLDENS["half a minute"]).max() <= 5e-5


def test_the_references_say_something() -> None:
    """No golden is of one value, and no two are the same."""
    assert len(KEYS) > 20
    assert all(np.ptp(GOLDENS[key]) > 1e-3 for key in KEYS)
    assert len({GOLDENS[key].tobytes() for key in KEYS}) == len(KEYS)
