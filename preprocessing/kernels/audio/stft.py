"""The short-time Fourier transform: frames, windows, and the powers of their spectra."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from preprocessing.cancellation import checkpoint
from preprocessing.frozen import frozen
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Doubles: TypeAlias = NDArray[np.float64]
    Floats: TypeAlias = NDArray[np.float32]

WindowName: TypeAlias = Literal["hann", "hamming", "blackman"]
FramePadMode: TypeAlias = Literal["reflect", "constant", "replicate"]

# Cosines of each window: what is multiplied with 1, cos(x), cos(2x). Periodic ones, as torch's are.
_COSINES: dict[WindowName, tuple[float, ...]] = {
    "hann": (0.5, -0.5),
    "hamming": (0.54, -0.46),
    "blackman": (0.42, -0.5, 0.08),
}
_NUMPY_MODE: dict[FramePadMode, Any] = {
    "reflect": "reflect",
    "constant": "constant",
    "replicate": "edge",
}

# A megabyte of windowed samples, which a processor's second cache holds, and four of powers.
_SAMPLES = 2**17
_POWERS = 2**20


@frozen
class Framing:
    """How sound is cut into frames.

    Parameters
    ----------
    n_fft : int
        Samples a frame.
    win_length : int
        Samples that the window spans, in the middle of them.
    hop_length : int
        Samples from one frame to the next.
    window : {"hann", "hamming", "blackman"}
    pad_mode : {"reflect", "constant", "replicate"}, optional
        What is put before and after the sound so that frames are centred on their samples; None puts
        nothing.
    normalized : bool
        Whether the window is divided by its root of summed squares.
    last : bool
        Whether the last frame is kept.
    """

    n_fft: int
    win_length: int
    hop_length: int
    window: WindowName = "hann"
    pad_mode: FramePadMode | None = "reflect"
    normalized: bool = False
    last: bool = True

    @property
    def bins(self) -> int:
        """Frequencies from 0 to half the rate."""
        return self.n_fft // 2 + 1

    @property
    def padding(self) -> int:
        """Samples put before the sound, and as many after it."""
        return 0 if self.pad_mode is None else self.n_fft // 2

    @property
    def least(self) -> int:
        """Fewest samples that can be framed."""
        return {None: self.n_fft, "reflect": self.padding + 1}.get(self.pad_mode, 1)

    def frames(self, samples: int) -> int:
        """Count the frames of so many samples."""
        return (samples + 2 * self.padding - self.n_fft) // self.hop_length + self.last


@lru_cache(maxsize=32)
def window_of(framing: Framing) -> Doubles:
    """Return the window of a frame, of length `n_fft`, as torch centres it."""
    length = framing.win_length
    angle = 2.0 * np.pi / length * np.arange(length)
    cosines = enumerate(_COSINES[framing.window])
    shape = sum(weight * np.cos(order * angle) for order, weight in cosines)
    rounded = np.asarray(shape, np.float32).astype(np.float64)
    if framing.normalized:
        # In whole units of 2**-30, which is exact in any order.
        energy = np.rint(np.ldexp(rounded * rounded, 30)).sum()
        rounded /= np.sqrt(np.ldexp(energy, -30))
    before = (framing.n_fft - length) // 2
    whole = np.zeros(framing.n_fft)
    whole[before : before + length] = rounded
    whole.flags.writeable = False
    return whole


def framed(channel: NDArray[np.floating[Any]], framing: Framing) -> NDArray[np.floating[Any]]:
    """Return the frames of one channel, (frame, sample): a view of the padded sound."""
    count = framing.frames(len(channel))
    if framing.pad_mode is not None:
        channel = np.pad(channel, framing.padding, _NUMPY_MODE[framing.pad_mode])
    return sliding_window_view(channel, framing.n_fft)[:: framing.hop_length][:count]


def spectra(
    frames: NDArray[np.floating[Any]], window: Doubles
) -> Iterator[tuple[int, NDArray[np.complex128]]]:
    """Yield spectra of frames, (frame, bin), block by block, with the first one's place.

    Each block is in the memory of the one before.
    """
    count, n_fft = frames.shape
    rows = min(count, max(1, _SAMPLES // n_fft))
    windowed = scratch("windowed", (rows, n_fft), "float64")
    spectrum = scratch("spectrum", (rows, n_fft // 2 + 1), "complex128")
    for start in range(0, count, rows):
        checkpoint()
        block = frames[start : start + rows]
        size = len(block)
        np.multiply(block, window, out=windowed[:size])
        np.fft.rfft(windowed[:size], out=spectrum[:size])
        yield start, spectrum[:size]


def powers(channel: Floats, framing: Framing, power: float) -> Iterator[tuple[slice, Floats]]:
    """Yield the magnitudes of one channel's spectra to some power.

    Parameters
    ----------
    channel : ndarray, shape (samples,)
    framing : Framing
    power : float
        1 for magnitudes, 2 for powers. Others use NumPy's power, where processors may differ
        in the last bit.

    Yields
    ------
    slice
        Which frames.
    ndarray, shape (bins, frames)
        Each block in the memory of the one before.
    """
    frames, window = framed(channel, framing), window_of(framing)
    rows = min(len(frames), max(1, _POWERS // framing.bins))
    kept = scratch("powers", (framing.bins, rows), "float32")
    for start in range(0, len(frames), rows):
        part = frames[start : start + rows]
        block = kept[:, : len(part)]
        for first, spectrum in spectra(part, window):
            squares = spectrum.view(np.float64)
            np.square(squares, out=squares)
            sums = scratch("sums", spectrum.shape, "float64")
            np.add(squares[:, ::2], squares[:, 1::2], out=sums)
            block[:, first : first + len(sums)] = sums.T
        if power == 1.0:
            np.sqrt(block, out=block)
        elif power != 2.0:
            np.power(block, power / 2.0, out=block)
        yield slice(start, start + len(part)), block
