"""Spectrogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.spectrogram import spectrogram
from preprocessing.kernels.audio.stft import FramePadMode, Framing, WindowName
from preprocessing.planner.stages import Compute, Stage
from preprocessing.spec.step import require
from preprocessing.transforms.audio._base import FixedSound
from preprocessing.transforms.audio._framing import frames_of, framing_of

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec, SpectrogramSpec


@frozen
class Spectrogram(FixedSound):
    """Compute the short-time Fourier transform, as ``torchaudio.transforms.Spectrogram``.

    Parameters
    ----------
    n_fft : int
        Samples per frame, from 2 to 65536. The result has ``n_fft // 2 + 1`` bins.
    win_length : int, optional
        Samples of the window, which is centred in the frame. By default `n_fft`.
    hop_length : int, optional
        Samples from one frame to the next. By default half of `win_length`.
    window : {"hann", "hamming", "blackman"}
        A periodic window, as torch's functions of these names.
    power : float
        Exponent of the magnitudes: 1 returns magnitudes, 2 returns power.
    normalized : bool
        Whether the window is divided by the root of the sum of its squares.
    center : bool
        Whether frames are centred on their samples. Half a frame is then padded on both sides, and the
        result has ``1 + samples // hop_length`` frames.
    pad_mode : {"reflect", "constant", "replicate"}
        Padding: the sound mirrored, zeros, or the outermost sample.

    Notes
    -----
    Within 1e-5 of torchaudio, relative to the largest value. The result has shape (channels, bins,
    frames). Spectra are computed in double precision. The bytes are the same on all x86-64 processors;
    the last bit may differ on other architectures, or if `power` is neither 1 nor 2. Complex results
    (``power=None``), ``pad``, ``onesided`` and other windows are not supported.

    Raises
    ------
    SpecError
        If a length is out of range, the window is longer than a frame, or the power is not positive.
    IncompatibleSource
        If the sound is too short for a frame or, with ``reflect``, to be mirrored.
    """

    output_kind = "spectrogram"
    name: ClassVar[str] = "spectrogram"
    n_fft: int = 400
    win_length: int | None = None
    hop_length: int | None = None
    window: WindowName = "hann"
    power: float = 2.0
    normalized: bool = False
    center: bool = True
    pad_mode: FramePadMode = "reflect"

    def check(self) -> None:
        self._framing()
        require(0.0 < self.power <= 4.0, f"power: must be above 0, up to 4, got {self.power:g}")

    def _framing(self) -> Framing:
        return framing_of(
            self.n_fft,
            self.win_length,
            self.hop_length,
            self.window,
            self.pad_mode if self.center else None,
            normalized=self.normalized,
        )

    def infer(self, spec: AudioSpec) -> SpectrogramSpec:
        framing = self._framing()
        return frames_of(framing, spec, framing.bins)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        return (Compute(spectrogram, (self._framing(), self.power), self.infer(spec)),)
