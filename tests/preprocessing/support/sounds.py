"""Sounds, and their files in every decoded format."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import soundfile
from hypothesis import strategies as st

from preprocessing import Media

RATE = 16_000
SAMPLES = 6_000


def chord(channels: int = 2, samples: int = SAMPLES, rate: int = RATE) -> np.ndarray:
    """Return tones that fade in, different in each channel: float32 (channels, samples)."""
    time = np.arange(samples) / rate
    tones = [np.sin(2 * np.pi * 220 * (1 + channel) * time) for channel in range(channels)]
    return (0.6 * np.stack(tones) * np.linspace(0.1, 1, samples)).astype(np.float32)


def media(sound: np.ndarray, rate: int = RATE) -> Media:
    return Media(sound, "audio", rate)


def file(sound: np.ndarray, format_: str, subtype: str, rate: int = RATE, **how: object) -> bytes:
    """Return a file of the sound, written by libsndfile."""
    stream = io.BytesIO()
    soundfile.write(stream, sound.T, rate, subtype, format=format_, **how)
    return stream.getvalue()


def read(data: bytes) -> np.ndarray:
    """Return the samples as soundfile reads them, channels first."""
    return soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0].T


def _made(format_: str, subtype: str, channels: int = 2) -> Callable[[], bytes]:
    return lru_cache(partial(file, chord(channels), format_, subtype))


FILES = {
    "wav 8 bits": _made("WAV", "PCM_U8"),
    "wav 16 bits": _made("WAV", "PCM_16"),
    "wav 24 bits": _made("WAV", "PCM_24"),
    "wav 32 bits": _made("WAV", "PCM_32"),
    "wav float": _made("WAV", "FLOAT"),
    "wav double": _made("WAV", "DOUBLE"),
    "wav mu-law": _made("WAV", "ULAW"),
    "wav extensible": _made("WAVEX", "PCM_24", channels=3),
    "wav 64": _made("RF64", "PCM_16"),
    "flac 16 bits": _made("FLAC", "PCM_16"),
    "flac 24 bits": _made("FLAC", "PCM_24", channels=1),
    "ogg vorbis": _made("OGG", "VORBIS"),
    "ogg opus": _made("OGG", "OPUS"),
    "mp3": _made("MP3", "MPEG_LAYER_III"),
    "mp3 mono": _made("MP3", "MPEG_LAYER_III", channels=1),
    "aiff": _made("AIFF", "PCM_16"),
    "aiff float": _made("AIFF", "FLOAT"),
    "au": _made("AU", "PCM_16"),
    "caf": _made("CAF", "PCM_16"),
    "caf alac": _made("CAF", "ALAC_16"),
}
LOSSLESS = {
    "wav 8 bits": 2.0**-7,
    "wav 16 bits": 2.0**-15,
    "wav 24 bits": 2.0**-23,
    "wav 32 bits": 2.0**-23,
    "wav float": 0.0,
    "wav double": 0.0,
    "wav extensible": 2.0**-23,
    "wav 64": 2.0**-15,
    "flac 16 bits": 2.0**-15,
    "flac 24 bits": 2.0**-23,
    "aiff": 2.0**-15,
    "aiff float": 0.0,
    "au": 2.0**-15,
    "caf": 2.0**-15,
    "caf alac": 2.0**-15,
}  # and the error allowed per sample


@st.composite
def sounds(draw: st.DrawFn, most: int = 4_000, channels: int = 3) -> np.ndarray:
    """Return noise of random length and level, with a part of it, or all of it, silent."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    samples = draw(st.integers(1, most))
    sound = random.uniform(-1, 1, (draw(st.integers(1, channels)), samples)).astype(np.float32)
    sound[:, draw(st.integers(0, samples)) :] = 0
    return sound * np.float32(draw(st.sampled_from((0.0, 1e-6, 0.01, 0.5, 1.0, 3.0))))
