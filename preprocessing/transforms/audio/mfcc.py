"""MFCC."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.mel import MelNorm, Mels, MelScale
from preprocessing.kernels.audio.spectrogram import mfcc
from preprocessing.kernels.audio.stft import FramePadMode, Framing, WindowName
from preprocessing.planner.stages import Compute, Stage
from preprocessing.spec.step import require
from preprocessing.transforms.audio._base import FixedSound
from preprocessing.transforms.audio._framing import (
    frames_of,
    framing_of,
    mels_of,
    require_band,
    require_mels,
)

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec, SpectrogramSpec


@frozen
class MFCC(FixedSound):
    """Compute mel-frequency cepstral coefficients, as ``torchaudio.transforms.MFCC``.

    Parameters
    ----------
    n_mfcc : int
        Number of coefficients, at most `n_mels`: the first ones of an orthonormal DCT-II.
    log_mels : bool
        Whether filters are converted by ``log(x + 1e-6)``. Otherwise to decibels, clipped at 80 below
        the largest value.
    n_mels, n_fft, win_length, hop_length, f_min, f_max, window, center, pad_mode, norm, mel_scale
        As for `MelSpectrogram`: torchaudio's ``melkwargs``.

    Notes
    -----
    Within 1e-3 of torchaudio, whose values are in the hundreds. Reproducible as `Spectrogram` is.

    Raises
    ------
    SpecError
        If there are more coefficients than filters, or as for `MelSpectrogram`.
    IncompatibleSource
        As for `MelSpectrogram`.
    """

    output_kind = "spectrogram"
    name: ClassVar[str] = "mfcc"
    n_mfcc: int = 40
    log_mels: bool = False
    n_mels: int = 128
    n_fft: int = 400
    win_length: int | None = None
    hop_length: int | None = None
    f_min: float = 0.0
    f_max: float | None = None
    window: WindowName = "hann"
    center: bool = True
    pad_mode: FramePadMode = "reflect"
    norm: MelNorm | None = None
    mel_scale: MelScale = "htk"

    def check(self) -> None:
        self._framing()
        require_mels(self.n_mels, self.f_min, self.f_max)
        require(
            1 <= self.n_mfcc <= self.n_mels,
            f"n_mfcc: must be from 1 to n_mels, which is {self.n_mels}, got {self.n_mfcc}",
        )

    def _framing(self) -> Framing:
        mode = self.pad_mode if self.center else None
        return framing_of(self.n_fft, self.win_length, self.hop_length, self.window, mode)

    def _mels(self, rate: int) -> Mels:
        return mels_of(
            rate, self.n_mels, self.n_fft, self.f_min, self.f_max, self.mel_scale, self.norm
        )

    def infer(self, spec: AudioSpec) -> SpectrogramSpec:
        if spec.rate is not None:
            require_band(self._mels(spec.rate))
        return frames_of(self._framing(), spec, self.n_mfcc)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        assert spec.rate is not None
        arguments = (self._framing(), self._mels(spec.rate), self.n_mfcc, self.log_mels)
        return (Compute(mfcc, arguments, self.infer(spec)),)
