"""Make `audio.npz`: what librosa, pyloudnorm and soxr do to a sound.

Run by hand, in an environment of its own::

    pip install numpy==2.4.6 librosa==0.11.0 pyloudnorm==0.2.0 soxr==1.1.0
    python tests/golden/make_audio.py

``sound`` is 16-bit stereo of 0.6 s at 22,050 Hz. Of its first 3000 samples ``mono`` and ``pre_emphasis
<coefficient>`` are librosa's; ``resample <rate> <wanted> <quality>`` is soxr's, of the first channel,
taken to have that rate.
``loudness <rate>`` is pyloudnorm's, in LUFS, of the sound repeated, each time by the next of
``gains``; each segment is a whole number of tenths of a second.
"""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pyloudnorm
import soxr

GAINS = np.array([1.0, 0.3, 0.0, 0.0, 0.5, 0.001, 1.0, 0.05, 0.05, 0.05, 2.0, 0.7], np.float32)
RESAMPLINGS = (
    (22_050, 16_000, "HQ"),
    (16_000, 48_000, "VHQ"),
    (44_100, 8_000, "LQ"),
    (8_000, 8_001, "QQ"),
)
RATES = (8_000, 16_000, 22_050, 44_100, 48_000, 96_000)
SHORT = 3_000


def main() -> None:
    """Write the sound and the results."""
    sound = _sound()
    samples = sound.astype(np.float32) / 2**15
    arrays: dict[str, np.ndarray] = {
        "made by": np.array(
            f"librosa {librosa.__version__}, pyloudnorm 0.2.0, soxr {soxr.__version__}"
        ),
        "sound": sound,
        "gains": GAINS,
        "mono": librosa.to_mono(samples[:, :SHORT])[None],
    }
    for coefficient in (0.97, 0.5):
        arrays[f"pre_emphasis {coefficient}"] = librosa.effects.preemphasis(
            samples[:, :SHORT], coef=coefficient, zi=np.zeros((2, 1), np.float32)
        )
    for rate, wanted, quality in RESAMPLINGS:
        arrays[f"resample {rate} {wanted} {quality}"] = soxr.resample(
            samples[0, :SHORT], rate, wanted, quality
        )[None]
    long = np.concatenate([samples * gain for gain in GAINS], axis=1)
    for rate in RATES:
        whole = long[:, : long.shape[1] // (rate // 10) * (rate // 10)]
        meter = pyloudnorm.Meter(rate, filter_class="DeMan")
        arrays[f"loudness {rate}"] = np.array(meter.integrated_loudness(whole.T))
    path = Path(__file__).with_name("audio.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")  # noqa: T201


def _sound() -> np.ndarray:
    """A glide over four octaves on the left, a chord with noise on the right."""
    time = np.arange(13_230) / 22_050
    glide = np.sin(2 * np.pi * 220 * (2 ** (time / 0.15) - 1) * 0.15 / np.log(2))
    chord = sum(np.sin(2 * np.pi * f * time) for f in (60, 440, 3_300)) / 3
    noise = np.random.default_rng(5).uniform(-1, 1, time.size)
    both = np.stack((0.7 * glide, 0.5 * chord + 0.1 * noise))
    return np.rint(both * 2**15).astype(np.int16)


if __name__ == "__main__":
    main()
