"""Spectrograms and their features: the shape promised, the definition, and what is refused."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import preprocessing
from preprocessing import (
    MFCC,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    LogMel,
    MelSpectrogram,
    Npy,
    Pipeline,
    SpecError,
    Spectrogram,
)
from preprocessing.kernels.audio.dct import dct
from preprocessing.kernels.audio.logarithm import log10
from preprocessing.spec.parse import Parsed, write_line
from preprocessing.spec.step import required
from tests.preprocessing.strategies.spectrogram import MAKERS, TRANSFORMS

from ...support.spectrogram_sounds import media, noise, sounds, spec_of

makers = st.one_of(*MAKERS.values())


@given(makers, sounds)
def test_the_shape_promised_is_the_shape_made(step, sound):
    p = Pipeline([step])
    try:
        promised = step.infer(spec_of(sound))
    except IncompatibleSource:
        with pytest.raises(IncompatibleSource):
            p(media(sound))
        return
    result = p(media(sound))
    assert result.shape == promised.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert len(p.encode(media(sound)).body) == p.plan(media(sound)).encoding.nbytes(promised)
    assert p.output.shape[1] == promised.bins


@given(makers, sounds)
def test_channels_are_apart_but_for_the_loudest(step, sound):
    """What is cut below the loudest value is cut below that of all channels."""
    if isinstance(step, MFCC | LogMel):
        sound = np.repeat(sound[:1], len(sound), axis=0)
    try:
        whole = Pipeline([step])(media(sound))
    except IncompatibleSource:
        reject()
    for channel, plane in zip(sound, whole, strict=True):
        np.testing.assert_array_equal(Pipeline([step])(media(channel[None]))[0], plane)


@given(st.one_of(*TRANSFORMS.values()))
def test_every_field_is_in_what_is_hashed(step):
    hashed = write_line(Parsed.of((step,), Npy(), kind="audio"), all_fields=True)
    optional = [field.name for field in fields(step) if field.name not in required(type(step))]
    assert all(f"{name}=" in hashed for name in optional)


@given(st.one_of(*MAKERS.values()), st.lists(st.sampled_from(["time_mask:3", "freq_mask:2"])))
def test_a_pipeline_is_spelled_in_three_ways(step, masks):
    p = Pipeline.parse("/".join([str(Pipeline([step])).removesuffix("/npy"), *masks]))
    names = {name: getattr(preprocessing, name) for name in preprocessing.__all__}
    assert p == Pipeline.parse(str(p)) == Pipeline.parse(p.document) == eval(repr(p), names)
    assert p.kind == "audio"


def test_a_sine_is_in_its_bin():
    """A whole number of periods a frame: all of its power is in one bin and the window's skirts."""
    time = np.arange(4000)
    sound = np.sin(2 * np.pi * 25 / 400 * time).astype(np.float32)[None]
    result = Pipeline([Spectrogram(center=False)])(media(sound))
    assert (result.argmax(axis=1) == 25).all()
    np.testing.assert_allclose(result[0, 25], 100.0**2, rtol=1e-5)
    np.testing.assert_allclose(result[0, 26], 50.0**2, rtol=1e-4)
    assert result[0, 30:].max() < 1e-5


@given(sounds, st.sampled_from((64, 65)), st.integers(1, 80))
def test_powers_are_those_of_the_definition(sound, n_fft, hop):
    """Parseval: with a hop of any length, bins add up to the windowed frame's energy."""
    p = Pipeline([Spectrogram(n_fft, hop_length=hop, pad_mode="constant", window="hamming")])
    result = p(media(sound)).astype(np.float64)
    padded = np.pad(sound.astype(np.float64), ((0, 0), (n_fft // 2, n_fft // 2)))
    window = 0.54 - 0.46 * np.cos(2 * np.pi / n_fft * np.arange(n_fft))
    starts = range(0, padded.shape[1] - n_fft + 1, hop)
    energy = np.stack([((padded[:, s : s + n_fft] * window) ** 2).sum(1) for s in starts], axis=1)
    twice = np.full(result.shape[1], 2.0)
    twice[0] = 1.0
    if n_fft % 2 == 0:
        twice[-1] = 1.0
    np.testing.assert_allclose((result * twice[:, None]).sum(1) / n_fft, energy, rtol=1e-5)


def test_a_long_sound_is_that_of_its_parts():
    """Blocks meet without a seam: later frames are those of the sound from there on."""
    sound = noise(1, 16_000 * 60)
    whole = Pipeline([MelSpectrogram(center=False, hop_length=160, n_mels=40)])
    result = whole(media(sound))
    for first in (1, 2000, 5216, 5217):
        part = whole(media(sound[:, first * 160 :]))
        np.testing.assert_array_equal(result[:, :, first:], part)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("name", MAKERS)
def test_what_is_not_finite_stays_so_without_a_warning(name, value):
    sound = noise(1, 4000)
    sound[0, 1000] = value
    p = Pipeline.parse("log_mel:whisper" if name == "log_mel" else name)
    assert not np.isfinite(p(media(sound))).all()


@pytest.mark.parametrize("step", ["spectrogram", "mel_spectrogram", "mel_spectrogram:power=1"])
def test_silence_is_nothing(step):
    assert not Pipeline.parse(step)(media(np.zeros((2, 4000), np.float32))).any()


def test_silence_in_decibels_is_the_floor():
    silence = media(np.zeros((1, 16_000), np.float32))
    np.testing.assert_allclose(Pipeline.parse("log_mel:librosa")(silence), -100, rtol=1e-6)
    np.testing.assert_allclose(Pipeline.parse("log_mel:whisper")(silence), -1.5, rtol=1e-6)
    coefficients = Pipeline.parse("mfcc:n_mels=64")(silence)
    np.testing.assert_allclose(coefficients[:, 0], -800, rtol=1e-6)
    assert np.abs(coefficients[:, 1:]).max() < 1e-4


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_the_cosine_transform_is_that_of_the_definition(points_and_count):
    points, count = points_and_count
    values = noise(2, points * 3, points).reshape(2, points, 3)
    angle = np.pi / points * np.outer(np.arange(count), np.arange(points) + 0.5)
    matrix = np.cos(angle) * np.sqrt(2.0 / points)
    matrix[0] /= np.sqrt(2.0)
    np.testing.assert_allclose(dct(values, count), matrix @ values, atol=1e-6)


@given(st.lists(st.floats(2.0**-126, 2.0**127, width=32), min_size=1))
def test_the_logarithm_is_within_its_promise(values):
    exact = np.log10(np.array([values], np.float64))
    made = np.array([values], np.float32)
    log10(made)
    bound = np.maximum(np.spacing(np.abs(exact).astype(np.float32)), 1e-7)
    assert (np.abs(made - exact) <= bound).all()


def test_whisper_wants_its_rate():
    sound = noise(1, 8000)
    with pytest.raises(
        IncompatibleSource, match="16000 Hz, but the sound has 8000; put resample:16000"
    ):
        Pipeline.parse("log_mel:whisper")(media(sound, 8000))
    for n_mels in (80, 128):
        p = Pipeline.parse(f"log_mel:whisper,n_mels={n_mels}")
        assert p.output.shape == (None, n_mels, None)
        assert p(media(noise(1, 480_000))).shape == (1, n_mels, 3000)


def test_whisper_spans_two_of_its_units():
    """8 decades, divided by 4."""
    loud = np.concatenate((noise(1, 8000), np.zeros((1, 8000), np.float32)), axis=1)
    made = Pipeline.parse("log_mel:whisper")(media(loud))
    np.testing.assert_allclose(np.ptp(made), 2.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("spec", "samples", "words"),
    [
        ("spectrogram", 200, "frames of 400 samples need a sound of at least 201 samples"),
        ("spectrogram:n_fft=4096,center=false", 4095, "need a sound of at least 4096 samples"),
        ("mfcc", 150, "this one has 150; put pad_or_trim first"),
        ("log_mel:whisper", 200, "of at least 201 samples"),
        ("mel_spectrogram:f_max=9000", 4000, "below half the sound's rate, which is 8000 Hz"),
        ("mfcc:f_min=8000", 4000, "filters from 8000 to 8000 Hz do not fit"),
    ],
)
def test_what_cannot_be_framed_is_refused(spec, samples, words):
    with pytest.raises(IncompatibleSource) as raised:
        Pipeline.parse(spec)(media(noise(1, samples)))
    assert words in str(raised.value)


def test_the_shortest_sounds_pass():
    for spec, samples in (
        ("spectrogram", 201),
        ("spectrogram:center=false", 400),
        ("spectrogram:pad_mode=constant", 1),
        ("spectrogram:pad_mode=replicate,n_fft=65536", 1),
        ("spectrogram:n_fft=2,hop_length=1", 2),
        ("log_mel:whisper", 201),
        ("log_mel:librosa", 1),
    ):
        assert Pipeline.parse(spec)(media(noise(1, samples))).shape[2] >= 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("spectrogram:n_fft=1", "n_fft: must be from 2 to 65536"),
        ("spectrogram:n_fft=65537", "n_fft: must be from 2 to 65536"),
        ("spectrogram:win_length=401", "win_length: must be from 2 to n_fft, which is 400"),
        ("spectrogram:hop_length=0", "hop_length: must be from 1"),
        ("spectrogram:power=0", "power: must be above 0"),
        ("spectrogram:window=kaiser", "window: expected one of hann, hamming, blackman"),
        ("mel_spectrogram:n_mels=0", "n_mels: must be from 1 to 4096"),
        ("mel_spectrogram:f_min=-1", "f_min: must not be negative"),
        ("mel_spectrogram:f_min=100,f_max=100", "f_max: must be above f_min, which is 100 Hz"),
        ("mfcc:41,n_mels=40", "n_mfcc: must be from 1 to n_mels, which is 40"),
        ("log_mel:wisper", "preset: expected one of whisper, librosa"),
        ("log_mel:whisper,n_mels=100", "n_mels: whisper has 80 or 128, got 100"),
        ("spectrogram/mfcc", "step 2 'mfcc': takes audio, but is given spectrogram"),
        ("resize:8/spectrogram", "takes audio, but is given image"),
        ("spectrogram/png", "takes image, but is given spectrogram"),
    ],
)
def test_bad_arguments_are_refused(spec, words):
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(spec)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "spec", ["spectrogram:hop_length=1", "mel_spectrogram:n_mels=4096,hop_length=1"]
)
def test_limits_come_before_memory(spec, monkeypatch):
    def refuse(*_: Any) -> None:
        raise AssertionError("it was framed")

    monkeypatch.setattr("preprocessing.kernels.audio.stft.framed", refuse)
    monkeypatch.setattr("preprocessing.kernels.audio.spectrogram.powers", refuse)
    with pytest.raises(LimitExceeded, match=r"step 1 '(mel_)?spectrogram' would hold \d+ MiB"):
        Pipeline.parse(spec)(media(noise(2, 1_000_000)), limits=Limits(memory=2**30))
    with pytest.raises(LimitExceeded):
        Pipeline.parse(spec)(media(noise(1, 1000)), limits=Limits(memory=100_000))
