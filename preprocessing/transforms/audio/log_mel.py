"""LogMel, and the models' spectrograms that people know by name."""

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
    """The log-mel spectrogram of a model or a library, by name.

    Parameters
    ----------
    preset : {"whisper", "librosa"}
        ``whisper`` is ``log_mel_spectrogram`` of openai/whisper: 16 kHz, frames of 25 ms every 10 ms,
        Slaney's filters, the decimal logarithm cut 8 below the loudest value of the sound, then
        ``(x + 4) / 4``. ``librosa`` is ``librosa.feature.melspectrogram`` with its defaults (2048
        samples every 512, zeros around the sound), then ``librosa.power_to_db`` with its own: decibels
        of full scale (``ref=1.0``), 80 below the loudest value of the sound at the least.
    n_mels : int, optional
        How many filters: for ``whisper`` 80, or 128 for its large-v3; for ``librosa`` 128, or others.

    Notes
    -----
    ``whisper`` is within 5e-5 of whisper's own and ``librosa`` within 1e-3 dB of librosa's, both of
    which compute in single precision. The loudest value is that of all channels; whisper's model hears
    one. Of 30 seconds of mono ``whisper`` makes (1, 80, 3000). Reproducible as `Spectrogram` is.

    Raises
    ------
    SpecError
        For filters that whisper does not have.
    IncompatibleSource
        For sound of another rate than whisper's, or too short: of 200 samples or fewer for ``whisper``.
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
                f"whisper takes {_WHISPER_RATE} Hz, and the sound has {spec.rate}; put "
                f"resample:{_WHISPER_RATE} before it"
            )
        return frames_of(_WHISPER, spec, bins)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        assert spec.rate is not None
        whispers = self.preset == "whisper"
        kernel, framing = (whisper, _WHISPER) if whispers else (mel_decibels, _LIBROSA)
        return (Compute(kernel, (framing, self._mels(spec.rate)), self.infer(spec)),)
