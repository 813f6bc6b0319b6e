"""The discrete cosine transform."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.kernels.audio.stft import Doubles

_ITEMS = 2**17


def dct(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the first coefficients of the orthonormal DCT-II along the second axis.

    By an FFT of as many points (J. Makhoul, "A fast cosine transform in one and two dimensions", 1980),
    and not by a matrix product, whose order of summation is the BLAS library's.

    Parameters
    ----------
    values : ndarray, shape (channels, points, frames)
    count : int
        How many, at most `points`.

    Returns
    -------
    ndarray, shape (channels, count, frames)
    """
    channels, points, frames = values.shape
    result = np.empty((channels, count, frames), np.float32)
    half = (points + 1) // 2
    columns = max(1, _ITEMS // points)
    for plane, out in zip(values, result, strict=True):
        for start in range(0, frames, columns):
            checkpoint()
            part = plane[:, start : start + columns]
            folded = scratch("folded", part.shape, "float64")
            folded[:half], folded[half:] = part[::2], part[1::2][::-1]
            out[:, start : start + columns] = _turned(np.fft.rfft(folded, axis=0), points, count)
    return result


def _turned(spectrum: NDArray[np.complex128], points: int, count: int) -> Doubles:
    """Return the real part of the spectrum turned by its quarter samples."""
    cosine, sine = _twiddles(points, count)
    bins = len(spectrum)
    result = np.empty((count, spectrum.shape[1]))
    near = min(count, bins)
    np.multiply(spectrum.real[:near], cosine[:near], out=result[:near])
    result[:near] += spectrum.imag[:near] * sine[:near]
    # The other half of a real signal's spectrum is its conjugate, backwards.
    mirrored = spectrum[points - count + 1 : points - bins + 1][::-1]
    np.multiply(mirrored.real, cosine[near:], out=result[near:])
    result[near:] -= mirrored.imag * sine[near:]
    return result


@lru_cache(maxsize=32)
def _twiddles(points: int, count: int) -> tuple[Doubles, Doubles]:
    """Return cosines and sines, (count, 1), scaled and rounded to float32."""
    scale = np.full(count, np.sqrt(2.0 / points))
    scale[0] = np.sqrt(1.0 / points)
    angle = np.pi / (2.0 * points) * np.arange(count)
    cosine, sine = (
        (scale * turn).astype(np.float32).astype(np.float64)[:, None]
        for turn in (np.cos(angle), np.sin(angle))
    )
    return cosine, sine
