"""Time stretching by a phase vocoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from preprocessing.kernels.audio.stft import Framing, framed, spectra, window_of
from preprocessing.kernels.temporaries import temporaries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from preprocessing.kernels.audio.stft import Doubles, Floats

    Spectra: TypeAlias = NDArray[np.complex128]

# As in librosa: frames of 2048 samples; every sample is in four frames.
FRAMING = Framing(2048, 2048, 512, "hann", "constant")
_OVERLAP = FRAMING.n_fft // FRAMING.hop_length
_FRAMES = 64  # made at a time: a megabyte of spectra


@temporaries(lambda before, *_: 4 * ((before.samples or 0) + 2 * FRAMING.padding))
@np.errstate(over="ignore", invalid="ignore")
def stretch(sound: Floats, rate: float, samples: int) -> Floats:
    """Change the tempo of a sound without its pitch.

    J. L. Flanagan and R. M. Golden, "Phase Vocoder", 1966: frames are taken `rate` hops apart and put
    back one hop apart, the magnitudes between two frames interpolated, and their phases turned on from
    frame to frame by as much as they turn in the sound. Turns are multiplied as complex numbers, where
    librosa adds angles, so that no sine and no arc tangent is taken.

    Parameters
    ----------
    sound : ndarray, shape (channels, samples)
    rate : float
        How many times as fast.
    samples : int
        Of the result.

    Returns
    -------
    ndarray, shape (channels, samples)
    """
    result = np.zeros((len(sound), samples), np.float32)
    for channel, out in zip(sound, result, strict=True):
        frames = framed(channel, FRAMING)
        steps = np.arange(0.0, len(frames), rate)
        # No more than reach into the result.
        wanted = -(-(samples + 2 * FRAMING.padding) // FRAMING.hop_length)
        _overlap_add(_vocoded(frames, steps[:wanted]), out)
    return result


def _vocoded(frames: NDArray[np.floating], steps: Doubles) -> Iterator[Spectra]:
    """Yield the spectra of the frames to put back, (frame, bin), block by block."""
    phase = np.ones(FRAMING.bins), np.zeros(FRAMING.bins)
    for start in range(0, len(steps), _FRAMES):
        places = steps[start : start + _FRAMES]
        index = places.astype(np.int64)
        needed = np.unique(np.concatenate((index, index + 1)))
        size, real, imag = _polar(frames, needed)
        here, there = np.searchsorted(needed, index), np.searchsorted(needed, index + 1)
        between = (places - index)[:, None]
        magnitude = (1.0 - between) * size[here] + between * size[there]
        if start == 0:
            phase = real[here[0]], imag[here[0]]
        # How far each bin turns from a frame to its next: the quotient of two numbers of length 1.
        turn_real = real[there] * real[here] + imag[there] * imag[here]
        turn_imag = imag[there] * real[here] - real[there] * imag[here]
        result = np.empty(magnitude.shape, np.complex128)
        for row, length, *turn in zip(result, magnitude, turn_real, turn_imag, strict=True):
            np.multiply(length, phase[0], out=row.real)
            np.multiply(length, phase[1], out=row.imag)
            phase = (
                phase[0] * turn[0] - phase[1] * turn[1],
                phase[0] * turn[1] + phase[1] * turn[0],
            )
        yield result


def _polar(
    frames: NDArray[np.floating],
    needed: NDArray[np.int64],
) -> tuple[Doubles, Doubles, Doubles]:
    """Return the magnitudes of some frames' spectra, and their cosines and sines; silence has 1 and 0.

    Behind the last frame there is silence.
    """
    size, imag = (np.zeros((len(needed), FRAMING.bins)) for _ in range(2))
    real = np.ones_like(size)
    there = needed[needed < len(frames)]
    for start, block in spectra(frames[there], window_of(FRAMING)):
        place = slice(start, start + len(block))
        np.sqrt(block.real * block.real + block.imag * block.imag, out=size[place])
        sounding = size[place] > 0.0
        np.divide(block.real, size[place], out=real[place], where=sounding)
        np.divide(block.imag, size[place], out=imag[place], where=sounding)
    return size, real, imag


def _overlap_add(blocks: Iterator[Spectra], out: Floats) -> None:
    """Write the sound whose frames have these spectra, by least squares.

    D. Griffin and J. Lim, "Signal estimation from modified short-time Fourier transform", 1984, eq. 6.
    """
    window = window_of(FRAMING).reshape(_OVERLAP, FRAMING.hop_length)
    energy = window * window
    sums = np.zeros((2, _OVERLAP - 1, FRAMING.hop_length))  # of frames to come: sound, energy
    place = -FRAMING.padding
    for block in blocks:
        count = len(block)
        made = np.fft.irfft(block, FRAMING.n_fft).reshape(count, _OVERLAP, -1)
        total = np.concatenate((sums, np.zeros((2, count, FRAMING.hop_length))), axis=1)
        for i in range(_OVERLAP):
            total[0, i : i + count] += made[:, i] * window[i]
            total[1, i : i + count] += energy[i]
        place = _put(total[:, :count], out, place)
        sums = total[:, count:]
    _put(sums, out, place)


def _put(sums: Doubles, out: Floats, place: int) -> int:
    """Write what lies inside `out`; return where the next goes."""
    made, energy = sums[0].ravel(), sums[1].ravel()
    np.divide(made, energy, out=made, where=energy > 0.0)
    first, last = max(0, -place), min(len(made), len(out) - place)
    if first < last:
        out[place + first : place + last] = made[first:last]
    return place + len(made)
