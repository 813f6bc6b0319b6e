"""Masks overwrite what they say and nothing else, and are drawn as torchaudio draws them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import (
    FreqMask,
    MaskBins,
    MaskFrames,
    Pipeline,
    SpecError,
    SpectrogramSpec,
    TimeMask,
)
from preprocessing.rng import Draws
from tests.preprocessing.strategies.spectrogram import MASKS

from ...support.spectrogram_sounds import media, noise

_FRAMES = "spectrogram:n_fft=64,hop_length=32"


@given(MASKS["mask_frames"] | MASKS["mask_bins"], st.integers(40, 800))
def test_a_mask_only_masks(step, samples):
    source = media(noise(2, samples))
    plain = Pipeline.parse(_FRAMES)
    result = Pipeline([*plain.steps, step])(source)
    axis = 2 if isinstance(step, MaskFrames) else 1
    expected = np.moveaxis(plain(source), axis, 0)
    expected[step.start : step.start + step.length] = step.value
    np.testing.assert_array_equal(np.moveaxis(result, axis, 0), expected)


@given(MASKS["time_mask"] | MASKS["freq_mask"], st.integers(40, 800), st.integers(0, 2**62))
def test_a_drawn_mask_is_a_mask(step, samples, seed):
    """One stretch of whole frames or bins, shorter than asked; the same for the same seed."""
    source = media(noise(2, samples))
    plain = Pipeline.parse(_FRAMES)
    p = Pipeline([*plain.steps, step])
    result = p(source, seed=seed)
    np.testing.assert_array_equal(p(source, seed=seed), result)
    axis = 2 if isinstance(step, TimeMask) else 1
    changed = np.moveaxis(result != plain(source), axis, 0).reshape(result.shape[axis], -1)
    places = np.flatnonzero(changed.any(axis=1))
    if places.size:
        assert (np.diff(places) == 1).all()
        param = step.time_mask_param if isinstance(step, TimeMask) else step.freq_mask_param
        assert len(places) < max(param, 2)
        of_mask = np.moveaxis(result, axis, 0)[places]
        assert (of_mask == np.float32(step.value)).all()


def test_lengths_and_places_are_drawn_as_torchaudio_draws_them():
    """In ``mask_along_axis``: length < param, evenly; start evenly in what it leaves."""
    spec = SpectrogramSpec(1, 80, 300)
    chosen = [TimeMask(40).choose(spec, Draws(b"%d" % i)) for i in range(8000)]
    lengths = np.array([steps[0].length if steps else 0 for steps in chosen])
    counts = np.bincount(lengths, minlength=40)
    assert len(counts) == 40
    assert counts.min() > 130
    assert counts.max() < 270
    starts = np.array([steps[0].start / (300 - steps[0].length) for steps in chosen if steps])
    assert np.histogram(starts, 5, (0, 1))[0].min() > 1400
    assert starts.max() < 1


def test_a_part_of_all_frames_bounds_the_mask():
    spec = SpectrogramSpec(1, 8, 50)
    for seed in range(200):
        (*steps,) = TimeMask(1000, p=0.2).choose(spec, Draws(b"%d" % seed))
        assert all(isinstance(s, MaskFrames) and s.length < 10 for s in steps)
        (*steps,) = FreqMask(1000).choose(spec, Draws(b"%d" % seed))
        assert all(isinstance(s, MaskBins) and s.start + s.length <= 8 for s in steps)
    assert TimeMask(5, p=0.0).choose(spec, Draws(b"")) == ()


def test_the_given_spectrogram_is_left_alone():
    p = Pipeline.parse(f"{_FRAMES}/mask_bins:3,4,value=-7/mask_frames:0,2")
    sound = noise(1, 500)
    before = sound.copy()
    result = p(media(sound))
    np.testing.assert_array_equal(sound, before)
    assert (result[:, 3:7, 2:] == -7).all()
    assert (result[:, :, :2] == 0).all()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("mask_frames:-1,3", "start: must not be negative"),
        ("mask_bins:0,0", "length: must be 1 or more"),
        ("mask_bins:0,1,value=1e39", "float32 does not hold"),
        ("time_mask:0", "time_mask_param: must be 1 or more"),
        ("time_mask:3,p=1.5", "p: must be from 0 to 1"),
        ("time_mask:3,value=-1e39", "float32 does not hold"),
        ("freq_mask:0", "freq_mask_param: must be 1 or more"),
    ],
)
def test_bad_arguments_are_refused(spec, words):
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(f"spectrogram/{spec}")
    assert words in str(raised.value)


def test_a_mask_wants_a_spectrogram():
    with pytest.raises(SpecError, match="takes spectrogram, but is given audio"):
        Pipeline.parse("audio/time_mask:3")
