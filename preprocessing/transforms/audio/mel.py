"""MelSpectrogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.mel import MelNorm, Mels, MelScale
from preprocessing.kernels.audio.spectrogram import mel_spectrogram
from preprocessing.planner.stages import Compute, Stage
from preprocessing.transforms.audio._framing import frames_of, mels_of, require_band, require_mels
from preprocessing.transforms.audio.spectrogram import Spectrogram

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec, SpectrogramSpec


@frozen
class MelSpectrogram(Spectrogram):
    """Compute a mel spectrogram, as ``torchaudio.transforms.MelSpectrogram``.

    Parameters
    ----------
    n_fft, win_length, hop_length, window, power, normalized, center, pad_mode
        As for `Spectrogram`.
    n_mels : int
        Number of filters, from 1 to 4096, and so of bins.
    f_min, f_max : float
        Lower edge of the first filter and upper edge of the last, in Hz. By default `f_max` is half the
        rate.
    norm : {"slaney"}, optional
        ``slaney`` divides each filter by its width in Hz. By default each filter has height 1.
    mel_scale : {"htk", "slaney"}
        Scale of the filters: ``2595 * log10(1 + f / 700)``, or Slaney's, which is linear below 1 kHz.

    Notes
    -----
    Within 1e-4 of torchaudio, relative to each value. The rate is that of the sound, not an argument.
    Filters above half the rate are refused; torchaudio makes them empty. If many filters share few bins,
    some contain none and return zeros, as in torchaudio. Reproducible as `Spectrogram` is.

    Raises
    ------
    SpecError
        As for `Spectrogram`, or if the arguments of the filters are out of range.
    IncompatibleSource
        If the sound is too short for a frame, or its rate too low for the filters.
    """

    name: ClassVar[str] = "mel_spectrogram"
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float | None = None
    norm: MelNorm | None = None
    mel_scale: MelScale = "htk"

    def check(self) -> None:
        super().check()
        require_mels(self.n_mels, self.f_min, self.f_max)

    def _mels(self, rate: int) -> Mels:
        return mels_of(
            rate, self.n_mels, self.n_fft, self.f_min, self.f_max, self.mel_scale, self.norm
        )

    def infer(self, spec: AudioSpec) -> SpectrogramSpec:
        if spec.rate is not None:
            require_band(self._mels(spec.rate))
        return frames_of(self._framing(), spec, self.n_mels)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        assert spec.rate is not None
        arguments = (self._framing(), self.power, self._mels(spec.rate))
        return (Compute(mel_spectrogram, arguments, self.infer(spec)),)
