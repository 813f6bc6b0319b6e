"""Framing and mel filters of the transforms that make spectrograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.errors import IncompatibleSource
from preprocessing.kernels.audio.mel import Mels
from preprocessing.kernels.audio.stft import Framing
from preprocessing.media import SpectrogramSpec
from preprocessing.spec.step import require

if TYPE_CHECKING:
    from preprocessing.kernels.audio.mel import MelNorm, MelScale
    from preprocessing.kernels.audio.stft import FramePadMode, WindowName
    from preprocessing.media import AudioSpec

# Four seconds at 16 kHz: longer than any useful frame.
MAX_FRAME = 2**16
MAX_MELS = 4096


def framing_of(
    n_fft: int,
    win_length: int | None,
    hop_length: int | None,
    window: WindowName = "hann",
    pad_mode: FramePadMode | None = "reflect",
    *,
    normalized: bool = False,
) -> Framing:
    """Return the framing, with torchaudio's defaults for arguments that are None.

    Raises
    ------
    SpecError
        If a length is out of range.
    """
    require(2 <= n_fft <= MAX_FRAME, f"n_fft: must be from 2 to {MAX_FRAME} samples, got {n_fft}")
    length = n_fft if win_length is None else win_length
    require(
        2 <= length <= n_fft,
        f"win_length: must be from 2 to n_fft, which is {n_fft}, got {length}",
    )
    hop = length // 2 if hop_length is None else hop_length
    require(1 <= hop <= MAX_FRAME, f"hop_length: must be from 1 to {MAX_FRAME} samples, got {hop}")
    return Framing(n_fft, length, hop, window, pad_mode, normalized)


def frames_of(framing: Framing, spec: AudioSpec, bins: int) -> SpectrogramSpec:
    """Return the spec of a spectrogram with `bins` numbers per frame, of sound of `spec`.

    Raises
    ------
    IncompatibleSource
        If there are too few samples for one frame.
    """
    if spec.samples is None:
        return SpectrogramSpec(spec.channels, bins, None)
    if spec.samples < framing.least:
        raise IncompatibleSource(
            f"frames of {framing.n_fft} samples need a sound of at least {framing.least} samples, this "
            f"one has {spec.samples}; put pad_or_trim first, or use shorter frames"
        )
    return SpectrogramSpec(spec.channels, bins, framing.frames(spec.samples))


def require_mels(n_mels: int, f_min: float, f_max: float | None) -> None:
    """Raise SpecError unless the arguments describe a bank of filters."""
    require(1 <= n_mels <= MAX_MELS, f"n_mels: must be from 1 to {MAX_MELS}, got {n_mels}")
    require(f_min >= 0.0, f"f_min: must not be negative, got {f_min:g}")
    require(
        f_max is None or f_max > f_min,
        f"f_max: must be above f_min, which is {f_min:g} Hz, got {f_max}",
    )


def mels_of(
    rate: int,
    n_mels: int,
    n_fft: int,
    f_min: float,
    f_max: float | None,
    mel_scale: MelScale,
    norm: MelNorm | None,
) -> Mels:
    """Return the filters for sound of `rate`; half of an odd rate is rounded down, as in torchaudio."""
    top = float(rate // 2)
    return Mels(n_mels, n_fft, top, f_min, top if f_max is None else f_max, mel_scale, norm)


def require_band(mels: Mels) -> None:
    """Raise IncompatibleSource if filters would be above half the rate, and so empty."""
    if mels.f_min >= mels.f_max or mels.f_max > mels.top:
        raise IncompatibleSource(
            f"filters from {mels.f_min:g} to {mels.f_max:g} Hz do not fit below half the sound's rate, "
            f"which is {mels.top:g} Hz; use a smaller f_min or f_max, or resample first"
        )
