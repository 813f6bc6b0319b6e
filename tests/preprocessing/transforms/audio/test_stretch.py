"""Another tempo, the same pitch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import (
    AudioSpec,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Pipeline,
    SpecError,
    Stretch,
    TimeStretch,
)
from preprocessing.rng import Draws
from tests.preprocessing.strategies.spectrogram import STRETCHES

from ...support.spectrogram_sounds import media, noise, sounds, spec_of


@given(STRETCHES["stretch"], sounds)
def test_the_length_promised_is_the_length_made(step, sound):
    try:
        promised = step.infer(spec_of(sound))
    except IncompatibleSource:
        assert round(sound.shape[1] / step.rate) == 0
        return
    result = Pipeline([step])(media(sound))
    assert result.shape == promised.shape == (len(sound), round(sound.shape[1] / step.rate))
    assert np.isfinite(result).all()


@given(st.integers(1, 2), st.integers(1, 20_000), st.integers(0, 99))
def test_its_own_tempo_leaves_sound_as_it_is(channels, samples, seed):
    sound = noise(channels, samples, seed)
    np.testing.assert_allclose(Pipeline.parse("stretch:1")(media(sound)), sound, atol=1e-6)


@pytest.mark.parametrize("rate", [0.5, 0.83, 1.3, 2.0])
def test_the_pitch_stays(rate):
    time = np.arange(32_000) / 16_000
    sound = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[None]
    result = Pipeline([Stretch(rate)])(media(sound))[0]
    middle = result[4096:-4096]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(spectrum.argmax() * 16_000 / len(middle) - 440) < 2
    assert 0.4 < np.abs(middle).max() < 0.55


def test_silence_stays_silent_and_behind_it_is_sound():
    sound = noise(1, 16_000)
    sound[:, :8000] = 0
    result = Pipeline.parse("stretch:1.25")(media(sound))
    assert not result[:, :4000].any()
    assert np.abs(result[:, 8000:]).max() > 0.1


@given(st.integers(0, 2**62))
def test_a_rate_is_drawn_once_for_each_seed(seed):
    p = Pipeline.parse("time_stretch:0.8,1.25")
    sound = media(noise(1, 3000))
    result = p(sound, seed=seed)
    np.testing.assert_array_equal(p(sound, seed=seed), result)
    assert p.plan(sound, seed=seed).output.shape == result.shape
    assert 2400 <= result.shape[1] <= 3750


def test_rates_are_drawn_evenly():
    spec = AudioSpec(1, 1000, 8000)
    chosen = [TimeStretch(0.5, 2.5).choose(spec, Draws(b"%d" % i)) for i in range(400)]
    rates = [step.rate for (step,) in chosen]
    assert np.histogram(rates, 4, (0.5, 2.5))[0].min() > 60


def test_what_is_known_of_the_length():
    spec = AudioSpec(2, 1000, 8000)
    assert TimeStretch(0.5, 2.0).infer(spec) == AudioSpec(2, None, 8000)
    assert TimeStretch(2.0, 2.0).infer(spec) == AudioSpec(2, 500, 8000)
    assert Stretch(0.5).infer(AudioSpec(None, None, None)) == AudioSpec(None, None, None)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("stretch:0", "rate: must be from 0.1 to 10, got 0"),
        ("stretch:11", "rate: must be from 0.1 to 10, got 11"),
        ("time_stretch:1.2,0.8", "low, high: must be two numbers in order"),
        ("time_stretch:0,2", "from 0.1 to 10"),
        ("spectrogram/stretch:2", "takes audio, but is given spectrogram"),
    ],
)
def test_bad_arguments_are_refused(spec, words):
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(spec)
    assert words in str(raised.value)


def test_what_would_vanish_or_swell_is_refused():
    with pytest.raises(
        IncompatibleSource, match="leaves no samples, because the sound has only 1 and"
    ):
        Pipeline.parse("time_stretch:0.5,3")(media(noise(1, 1)))
    long = np.broadcast_to(np.zeros(1, np.float32), (1, 2**25))
    with pytest.raises(LimitExceeded, match="step 1 'stretch' would hold"):
        Pipeline.parse("stretch:0.1").plan(media(long), limits=Limits(memory=2**30))
