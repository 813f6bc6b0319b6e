"""Laws of the steps of sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import (
    AddNoise,
    AudioSpec,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    LoudnessNormalize,
    Mono,
    PadOrTrim,
    PeakNormalize,
    Pipeline,
    PreEmphasis,
    RandomCrop,
    Resample,
    SpecError,
    Transform,
    Trim,
)
from preprocessing.kernels.audio.loudness import high_pass, loudness, shelf
from preprocessing.kernels.audio.resample import resample, samples_after
from tests.preprocessing.strategies import sound_transforms
from tests.preprocessing.strategies.audio import RATES

from ...support.sounds import chord, media, sounds

rates = st.sampled_from(RATES) | st.integers(1, 50_000)


def apply(step: Transform, sound: np.ndarray, rate: int = 16_000, seed: int = 0) -> np.ndarray:
    return Pipeline([step])(media(sound, rate), seed=seed)


@given(sounds(), rates, st.lists(sound_transforms, min_size=1, max_size=3))
def test_what_is_promised_is_made(sound: np.ndarray, rate: int, steps: list[Transform]) -> None:
    source = media(sound, rate)
    before = sound.copy()
    try:
        p = Pipeline(steps, kind="audio")
        spec: AudioSpec = p.plan(source, limits=Limits(memory=2**25)).output
    except (SpecError, IncompatibleSource, LimitExceeded):
        assume(False)
    result = p(source)
    assert result.shape == spec.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    np.testing.assert_array_equal(sound, before)
    for known, made in zip(p.output.shape, result.shape, strict=True):
        assert known in (None, made)


@given(sound_transforms, st.sampled_from([1, 2]))
def test_silence_divides_nothing_by_zero(step: Transform, channels: int) -> None:
    result = apply(step, np.zeros((channels, 40_000), np.float32))
    assert not result.any()


@given(rates, rates, st.integers(1, 30_000), st.sampled_from(["QQ", "LQ", "MQ", "HQ", "VHQ"]))
def test_resampled_lengths_are_soxrs(rate: int, wanted: int, samples: int, quality: str) -> None:
    assume(rate != wanted)
    assume(samples * wanted / rate < 2**20)
    made = resample(np.zeros((1, samples), np.float32), rate, wanted, quality)
    assert made.shape == (1, samples_after(samples, rate, wanted))


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 16_000), (8_000, 48_000), (16_000, 16_000)])
def test_a_resampled_tone_is_that_tone(rate: int, wanted: int) -> None:
    tone, expected = (
        0.5 * np.sin(2 * np.pi * 440 * np.arange(r) / r)[None].astype(np.float32)
        for r in (rate, wanted)
    )
    made = apply(Resample(wanted), tone, rate)
    inside = slice(wanted // 20, -wanted // 20)
    np.testing.assert_allclose(made[:, inside], expected[:, inside], atol=2**-18)


def test_memory_layout_does_not_change_a_resampling() -> None:
    sound = chord()
    interleaved = np.ascontiguousarray(sound.T).T
    np.testing.assert_array_equal(*(apply(Resample(8_000), s) for s in (sound, interleaved)))


def test_what_resampling_would_leave_nothing_of_is_refused() -> None:
    with pytest.raises(
        IncompatibleSource, match="leaves no samples, because the sound has only 3 at"
    ):
        apply(Resample(1), chord(samples=3))


@given(sounds())
def test_mono_is_the_mean_once(sound: np.ndarray) -> None:
    once = apply(Mono(), sound)
    np.testing.assert_array_equal(apply(Mono(), once), once)
    np.testing.assert_allclose(once[0], sound.mean(axis=0, dtype=np.float64), atol=2**-23)


@given(sounds(), st.integers(0, 5_000), st.integers(1, 5_000))
def test_trim_is_a_slice(sound: np.ndarray, first: int, samples: int) -> None:
    rate = 8_000
    step = Trim(first / rate, (first + samples) / rate)
    if first >= sound.shape[1]:
        with pytest.raises(IncompatibleSource, match="start earlier"):
            apply(step, sound, rate)
        return
    np.testing.assert_array_equal(apply(step, sound, rate), sound[:, first : first + samples])
    np.testing.assert_array_equal(apply(Trim(first / rate), sound, rate), sound[:, first:])


@given(sounds(), st.integers(1, 9_000))
def test_pad_or_trim_keeps_the_start(sound: np.ndarray, samples: int) -> None:
    made = apply(PadOrTrim(samples / 16_000), sound)
    kept = min(samples, sound.shape[1])
    assert made.shape[1] == samples
    np.testing.assert_array_equal(made[:, :kept], sound[:, :kept])
    assert not made[:, kept:].any()


@given(sounds(), st.floats(-120, 0))
def test_the_peak_is_what_was_asked_for(sound: np.ndarray, peak_db: float) -> None:
    assume(sound.any())
    once = apply(PeakNormalize(peak_db), sound)
    assert np.abs(once).max() == np.float32(10 ** (peak_db / 20))
    np.testing.assert_array_equal(apply(PeakNormalize(peak_db), once), once)


@given(st.floats(-40, 0), st.floats(-60, 0), st.sampled_from(RATES))
def test_the_loudness_is_what_was_asked_for(gain: float, lufs: float, rate: int) -> None:
    sound = chord(samples=rate, rate=rate) * np.float32(10 ** (gain / 20))
    made = apply(LoudnessNormalize(lufs), sound, rate)
    assert loudness(made, rate) == pytest.approx(lufs, abs=1e-4)


def test_the_filters_at_48_khz_are_the_recommendations() -> None:
    """ITU-R BS.1770-4, tables 1 and 2."""
    numerator, denominator = shelf(48_000)
    assert numerator == pytest.approx((1.53512485958697, -2.69169618940638, 1.19839281085285))
    assert denominator == pytest.approx((1.0, -1.69065929318241, 0.73248077421585))
    numerator, denominator = high_pass(48_000)
    assert numerator == (1.0, -2.0, 1.0)
    assert denominator == pytest.approx((1.0, -1.99004745483398, 0.99007225036621))


@pytest.mark.parametrize("rate", RATES)
def test_a_sine_at_full_scale_has_the_loudness_that_the_recommendation_tells(rate: int) -> None:
    """997 Hz in one channel: -3.01 LKFS."""
    sine = np.sin(2 * np.pi * 997 * np.arange(4 * rate) / rate)[None].astype(np.float32)
    assert loudness(sine, rate) == pytest.approx(-3.01, abs=0.05)
    assert loudness(sine.repeat(2, axis=0), rate) == pytest.approx(0.0, abs=0.05)


def test_pauses_do_not_count_for_the_loudness() -> None:
    sound = chord(samples=32_000)
    paused = np.concatenate((sound, np.zeros_like(sound), 0.001 * sound), axis=1)
    assert loudness(paused, 16_000) == pytest.approx(loudness(sound, 16_000), abs=0.5)


def test_a_sound_shorter_than_a_block_is_a_block() -> None:
    sound = chord(samples=3_000)
    assert loudness(apply(LoudnessNormalize(), sound), 16_000) == pytest.approx(-23, abs=1e-5)


@pytest.mark.parametrize(
    ("channels", "rate", "words"), [(3, 16_000, "1 or 2 channels"), (1, 3_000, "rates from 4000")]
)
def test_what_has_no_loudness_is_refused(channels: int, rate: int, words: str) -> None:
    with pytest.raises(IncompatibleSource, match=words):
        apply(LoudnessNormalize(), chord(channels), rate)


@given(sounds(), st.floats(0, 1))
def test_pre_emphasis_can_be_undone(sound: np.ndarray, coefficient: float) -> None:
    made = apply(PreEmphasis(coefficient), sound).astype(np.float64)
    undone = np.zeros_like(made)
    last = np.zeros(len(made))
    for index in range(made.shape[1]):
        last = undone[:, index] = made[:, index] + float(np.float32(coefficient)) * last
    np.testing.assert_allclose(undone, sound, atol=1e-6 * max(1, sound.shape[1] / 10))


@given(sounds(), st.integers(1, 5_000), st.integers(0, 3))
def test_a_random_crop_is_a_piece_or_the_whole_in_silence(
    sound: np.ndarray, size: int, seed: int
) -> None:
    channels, samples = sound.shape
    if samples < size:
        with pytest.raises(IncompatibleSource, match="set pad_if_needed"):
            apply_crop(RandomCrop(size), sound, seed)
    made = apply_crop(RandomCrop(size, pad_if_needed=True), sound, seed)
    assert made.shape == (channels, size)
    long, short = (sound, made) if samples >= size else (made, sound)
    places = range(long.shape[1] - short.shape[1] + 1)
    at = [p for p in places if np.array_equal(long[:, p : p + short.shape[1]], short)]
    assert at
    assert np.count_nonzero(made) <= np.count_nonzero(sound)


def apply_crop(step: RandomCrop, sound: np.ndarray, seed: int) -> np.ndarray:
    return Pipeline([step], kind="audio")(media(sound), seed=seed)


def test_every_place_of_a_random_crop_is_drawn() -> None:
    ramp = np.arange(10, dtype=np.float32)[None]
    starts = {apply_crop(RandomCrop(8), ramp, seed)[0, 0] for seed in range(40)}
    assert starts == {0, 1, 2}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("random_crop:70000/png", "size: must be from 1 to 65535 for images, got 70000"),
        ("random_crop:70000/npy", "size: must be from 1 to 65535 for images, got 70000"),
        ("random_crop:8,70000/npy", "from 1 to 65535"),
        ("random_crop:0/wav", "size: must be 1 or more, got 0"),
        ("random_crop:8,9/wav", "one size, in samples"),
        ("random_crop:8,padding=2/wav", "leave out the other arguments"),
        ("random_crop:8,fill=0.5/wav", "leave out the other arguments"),
        ("resample:0/wav", "rate: must be from 1 to 768000, got 0"),
        ("resample:16000,quality=best/wav", "one of QQ, LQ, MQ, HQ, VHQ"),
        ("trim:2,stop=1/wav", "stop: must be after start, 2.0, got 1.0"),
        ("trim:-1/wav", "start: must be from 0 to 86400 seconds"),
        ("pad_or_trim:0/wav", "seconds: must be above 0"),
        ("pad_or_trim:1e9/wav", "seconds: must be from 0 to 86400"),
        ("resample:100/pad_or_trim:0.001/wav", "0.001 seconds are shorter than one sample"),
        ("peak_normalize:peak_db=3/wav", "peak_db: must be from -120 to 0"),
        ("loudness_normalize:lufs=1/wav", "lufs: must be from -70 to 0"),
        ("pre_emphasis:coefficient=2/wav", "coefficient: must be from 0 to 1"),
        ("add_noise:20,10/wav", "snr_db: must be two numbers in order"),
        ("resize:8/wav", "step 2 'wav': takes audio, but is given image"),
        ("audio/resize:8/wav", "step 1 'resize': takes image or video, but is given audio"),
        ("mono/grayscale/npy", "step 2 'grayscale': takes image or video, but is given audio"),
        ("mono/png", "step 2 'png': takes image, but is given audio"),
        ("resample:3000/loudness_normalize/wav", "takes rates from 4000 to 768000 Hz"),
    ],
)
def test_what_no_sound_could_pass_fails_when_it_is_parsed(spec: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(spec)
    assert words in str(raised.value)


def test_a_long_crop_of_sound_is_no_slip() -> None:
    p = Pipeline.parse("mono/random_crop:480000/npy")
    assert p.output.shape == (1, 480_000)


@given(st.floats(-20, 60), st.integers(0, 2**31))
def test_noise_lies_as_far_below_as_was_asked_for(snr_db: float, seed: int) -> None:
    sound = chord(samples=20_000)
    noise = apply(AddNoise(snr_db), sound, seed=seed).astype(np.float64) - sound
    ratio = 10 * np.log10(np.mean(sound.astype(np.float64) ** 2) / np.mean(noise**2))
    assert ratio == pytest.approx(snr_db, abs=0.3)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.05
