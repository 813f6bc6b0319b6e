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
    """Magnitudes of the short-time Fourier transform, as ``torchaudio.transforms.Spectrogram``.

    Parameters
    ----------
    n_fft : int
        Samples per frame, from 2 to 65536. There are ``n_fft // 2 + 1`` bins.
    win_length : int, optional
        Samples that the window spans, in the middle of a frame; `n_fft` where left out.
    hop_length : int, optional
        Samples from one frame to the next; half of `win_length` where left out.
    window : {"hann", "hamming", "blackman"}
        A periodic one, torch's functions of these names.
    power : float
        Of the magnitudes: 2 gives powers, 1 magnitudes.
    normalized : bool
        Whether the window is divided by the root of the sum of its squares.
    center : bool
        Whether frames are centred on their samples, for which half a frame is put before the sound and
        after it. There are then ``1 + samples // hop_length`` frames.
    pad_mode : {"reflect", "constant", "replicate"}
        What is put there: the sound mirrored, zeros, or the outermost sample.

    Notes
    -----
    Within 1e-5 of torchaudio's largest value. Each channel is a plane of the result. Spectra are
    computed in double precision, and the bytes are the same on all of x86-64; on another architecture a
    value may differ in its last bit, and so it may with a `power` that is neither 1 nor 2. Complex
    results (``power=None``), ``pad``, ``onesided`` and other windows are not there.

    Raises
    ------
    SpecError
        For lengths out of range, a window longer than a frame, or a power that is not positive.
    IncompatibleSource
        For sound too short to frame; or, with ``reflect``, to be mirrored.
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
