"""LogMel: the log-mel spectrograms of models and libraries, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.audio.mel import Mels
from preprocessing.kernels.audio.spectrogram import mel_decibels, whisper
from preprocessing.kernels.audio.stft import Framing
from preprocessing.planner.stages import Compute, Stage
from preprocessing.spec.step import require
from preprocessing.transforms.audio._base import FixedSound
from preprocessing.transforms.audio._framing import frames_of, require_mels

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec, SpectrogramSpec

MelPreset: TypeAlias = Literal["whisper", "librosa"]

# openai/whisper, whisper/audio.py: its constants, and the two banks of filters that it ships.
_WHISPER = Framing(400, 400, 160, last=False)
_WHISPER_RATE = 16_000
_WHISPER_MELS = (80, 128)
# librosa.feature.melspectrogram's defaults.
_LIBROSA = Framing(2048, 2048, 512, "hann", "constant")
_LIBROSA_MELS = 128


@frozen
class LogMel(FixedSound):
    """Compute the log-mel spectrogram of a model or a library.

    Parameters
    ----------
    preset : {"whisper", "librosa"}
        ``whisper`` is ``log_mel_spectrogram`` of openai/whisper: 16 kHz, frames of 25 ms every 10 ms,
        Slaney's filters, the decimal logarithm clipped at 8 below the largest value, then
        ``(x + 4) / 4``. ``librosa`` is ``librosa.feature.melspectrogram`` with its defaults (frames of
        2048 samples every 512, zeros around the sound), then ``librosa.power_to_db`` with its defaults:
        decibels of full scale (``ref=1.0``), clipped at 80 below the largest value.
    n_mels : int, optional
        Number of filters: 80 for ``whisper``, or 128 as for its large-v3; any number for ``librosa``,
        by default 128.

    Notes
    -----
    ``whisper`` is within 5e-5 of whisper's result and ``librosa`` within 1e-3 dB of librosa's; both
    compute in single precision. The largest value is that of all channels. For 30 seconds of mono
    sound, ``whisper`` returns shape (1, 80, 3000). Reproducible as `Spectrogram` is.

    Raises
    ------
    SpecError
        If whisper does not have this number of filters.
    IncompatibleSource
        If the rate is not whisper's, or the sound is too short: for ``whisper``, 200 samples or fewer.
    """

    output_kind = "spectrogram"
    name: ClassVar[str] = "log_mel"
    preset: MelPreset
    n_mels: int | None = None

    def check(self) -> None:
        if self.n_mels is None:
            return
        if self.preset == "whisper":
            require(
                self.n_mels in _WHISPER_MELS, f"n_mels: whisper has 80 or 128, got {self.n_mels}"
            )
        require_mels(self.n_mels, 0.0, None)

    def _mels(self, rate: int) -> Mels:
        default = _WHISPER_MELS[0] if self.preset == "whisper" else _LIBROSA_MELS
        n_fft = (_WHISPER if self.preset == "whisper" else _LIBROSA).n_fft
        count, top = self.n_mels or default, rate / 2
        return Mels(count, n_fft, top, 0.0, top, "slaney", "slaney")

    def infer(self, spec: AudioSpec) -> SpectrogramSpec:
        bins = self._mels(_WHISPER_RATE).n_mels
        if self.preset == "librosa":
            return frames_of(_LIBROSA, spec, bins)
        if spec.rate not in (None, _WHISPER_RATE):
            raise IncompatibleSource(
                f"whisper takes {_WHISPER_RATE} Hz, but the sound has {spec.rate}; put "
                f"resample:{_WHISPER_RATE} first"
            )
        return frames_of(_WHISPER, spec, bins)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        assert spec.rate is not None
        whispers = self.preset == "whisper"
        kernel, framing = (whisper, _WHISPER) if whispers else (mel_decibels, _LIBROSA)
        return (Compute(kernel, (framing, self._mels(spec.rate)), self.infer(spec)),)
