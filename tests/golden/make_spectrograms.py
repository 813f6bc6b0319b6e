"""Make `spectrograms.npz`: what the real torchaudio, librosa and whisper make of a sound.

Run by hand, in an environment of its own; torchaudio takes the torch of its own version alone::

    python -m venv .venv-sound
    .venv-sound/bin/pip install torch==2.11.0 torchaudio==2.11.0 librosa==0.11.0 openai-whisper==20250625
    .venv-sound/bin/python tests/golden/make_spectrograms.py

Keys are ``"<rate> <spec>"``, but for ``sound``, which has 2 channels of 16 bits, ``made by``, and
``"half a minute"``: of whisper's spectrogram of the sound that `half_a_minute` makes, every 40th frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import torch
from torchaudio import transforms
from whisper.audio import log_mel_spectrogram

SAMPLES = 6000
LIBRARIES = ("torch", "torchaudio", "librosa", "openai-whisper")
WINDOWS = {
    "hamming": torch.hamming_window,
    "blackman": torch.blackman_window,
}
TORCHAUDIO = (
    "spectrogram",
    "spectrogram:n_fft=512,win_length=400,hop_length=160",
    "spectrogram:power=1,hop_length=333",
    "spectrogram:power=3,n_fft=64,hop_length=500",
    "spectrogram:normalized=true,window=hamming",
    "spectrogram:center=false,window=blackman",
    "spectrogram:n_fft=401,pad_mode=constant",
    "spectrogram:n_fft=1024,win_length=777,pad_mode=replicate",
    "mel_spectrogram",
    "mel_spectrogram:n_mels=80,norm=slaney,mel_scale=slaney",
    "mel_spectrogram:n_fft=1024,hop_length=256,n_mels=40,f_min=20,f_max=5000",
    "mel_spectrogram:power=1,n_mels=23,mel_scale=slaney,center=false",
    "mfcc",
    "mfcc:n_mfcc=13,n_mels=23,hop_length=160",
    "mfcc:n_mfcc=41,n_mels=41,log_mels=true",
    "mfcc:n_mfcc=39,n_mels=41,mel_scale=slaney,norm=slaney,f_max=4000",
)
OF_FLOAT = ("power", "f_min", "f_max")
RATES = (16_000, 11_025)
OF_MELS = ("n_mels", "n_fft", "hop_length", "f_min", "f_max", "mel_scale", "norm")


def sound() -> np.ndarray:
    """A voice of harmonics that glides, then noise that fades, then silence; the channels differ."""
    time = np.arange(SAMPLES) / 16_000
    phase = 2 * np.pi * (150 * time + 400 * time**2)
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * np.hanning(SAMPLES)
    noise = np.random.default_rng(5).standard_normal(SAMPLES) * np.exp(-9 * time)
    mixed = np.stack((voice * 0.4 + noise * 0.01, noise * 0.2))
    mixed[:, -1500:] = 0
    return np.rint(mixed / np.abs(mixed).max() * 30_000).astype(np.int16)


def half_a_minute(given: np.ndarray) -> np.ndarray:
    """Return 30 s at 16 kHz: the first channel again and again, louder and softer by powers of two."""
    first = given[0].astype(np.float32) / 32_768
    parts = [np.ldexp(first, -(i % 7)).astype(np.float32) for i in range(80)]
    return np.concatenate(parts)


def arguments(spec: str) -> dict[str, Any]:
    """Return what torchaudio is called with."""
    found: dict[str, Any] = {}
    for key, value in re.findall(r"(\w+)=([\w.]+)", spec):
        number = float(value) if re.fullmatch(r"[\d.]+", value) else value
        found[key] = int(number) if isinstance(number, float) and key not in OF_FLOAT else number
    for key in ("normalized", "center", "log_mels"):
        if key in found:
            found[key] = found[key] == "true"
    if "window" in found:
        found["window_fn"] = WINDOWS[found.pop("window")]
    return found


def by_torchaudio(spec: str, rate: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return torchaudio's transform for a step."""
    given = arguments(spec)
    if spec.startswith("spectrogram"):
        return transforms.Spectrogram(**given)
    if spec.startswith("mel"):
        return transforms.MelSpectrogram(rate, **given)
    melkwargs = {key: given.pop(key) for key in OF_MELS if key in given}
    return transforms.MFCC(rate, **given, melkwargs=melkwargs)


def main() -> None:
    """Write the sound and what is made of it."""
    stored = sound()
    given = stored.astype(np.float32) / 32_768
    tensor = torch.from_numpy(given)
    arrays: dict[str, np.ndarray] = {
        "made by": np.array(", ".join(f"{name} {version(name)}" for name in LIBRARIES)),
        "sound": stored,
    }
    for rate in RATES:
        of_rate = TORCHAUDIO if rate == RATES[0] else TORCHAUDIO[8:10]
        for spec in of_rate:
            arrays[f"{rate} {spec}"] = by_torchaudio(spec, rate)(tensor).numpy()
        for n_mels in (128, 64) if rate == RATES[0] else (128,):
            mels = librosa.feature.melspectrogram(y=given, sr=rate, n_mels=n_mels)
            words = "" if n_mels == 128 else f",n_mels={n_mels}"
            arrays[f"{rate} log_mel:librosa{words}"] = librosa.power_to_db(mels)
    for n_mels, words in ((80, ""), (128, ",n_mels=128")):
        arrays[f"16000 log_mel:whisper{words}"] = log_mel_spectrogram(given, n_mels).numpy()
    for speed in (0.8, 1.0, 1.37):
        double = given.astype(np.float64)
        stretched = librosa.effects.time_stretch(double, rate=speed)
        arrays[f"16000 stretch:{speed}"] = stretched.astype(np.float32)
    arrays["half a minute"] = log_mel_spectrogram(half_a_minute(stored)).numpy()[:, ::40]
    path = Path(__file__).with_name("spectrograms.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
