"""Steps of sound do what librosa, pyloudnorm and soxr do; see `make_audio.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preprocessing import LoudnessNormalize, Media, Mono, Pipeline, PreEmphasis, Resample
from preprocessing.kernels.audio.loudness import loudness

with np.load(Path(__file__).with_name("audio.npz")) as stored:
    GOLDENS = dict(stored)
SOUND = GOLDENS["sound"].astype(np.float32) / 2**15
LONG = np.concatenate([SOUND * gain for gain in GOLDENS["gains"]], axis=1)


def keys(first: str) -> list[list[str]]:
    return [key.split()[1:] for key in GOLDENS if key.startswith(f"{first} ")]


def test_mono_is_librosas() -> None:
    ours = Pipeline([Mono()])(Media(SOUND[:, :3_000], "audio", 22_050))
    np.testing.assert_allclose(ours, GOLDENS["mono"], rtol=0, atol=2**-24)


@pytest.mark.parametrize("coefficient", [float(key) for (key,) in keys("pre_emphasis")])
def test_pre_emphasis_is_librosas(coefficient: float) -> None:
    ours = Pipeline([PreEmphasis(coefficient)])(Media(SOUND[:, :3_000], "audio", 22_050))
    np.testing.assert_allclose(ours, GOLDENS[f"pre_emphasis {coefficient}"], rtol=0, atol=2**-23)


@pytest.mark.parametrize(("rate", "wanted", "quality"), keys("resample"))
def test_resample_is_soxrs(rate: str, wanted: str, quality: str) -> None:
    expected = GOLDENS[f"resample {rate} {wanted} {quality}"]
    step = Resample(int(wanted), quality)  # type: ignore[arg-type]
    ours = Pipeline([step])(Media(SOUND[:1, :3_000], "audio", int(rate)))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=2**-20)


@pytest.mark.parametrize("rate", [int(key) for (key,) in keys("loudness")])
def test_loudness_is_pyloudnorms(rate: int) -> None:
    whole = LONG[:, : LONG.shape[1] // (rate // 10) * (rate // 10)]
    assert loudness(whole, rate) == pytest.approx(float(GOLDENS[f"loudness {rate}"]), abs=1e-6)
    louder = Pipeline([LoudnessNormalize(-20.0)])(Media(whole, "audio", rate))
    assert loudness(louder, rate) == pytest.approx(-20.0, abs=1e-5)
