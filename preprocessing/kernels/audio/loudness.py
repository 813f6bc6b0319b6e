"""Loudness by Recommendation ITU-R BS.1770-4: K weighting, blocks of 400 ms, two gates.

The recommendation gives the two filters as coefficients at 48 kHz. Here they are the analogue
prototypes of these (B. De Man, "Evaluation of implementations of the EBU R128 loudness measurement",
AES 145, 2018), which give the same coefficients at 48 kHz and the same curve at every other rate.

Filtering is recursive, which NumPy cannot do at speed. But both filters forget: after 150 ms less than
1e-13 is left, so that they are applied as what they answer to one impulse, by Fourier transform.
"""

from __future__ import annotations

from functools import lru_cache
from math import log10, pi, tan
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Numerator and denominator of a filter of second order; the latter begins with 1.
Biquad: TypeAlias = "tuple[tuple[float, float, float], tuple[float, float, float]]"

_HOP = 0.1  # seconds; blocks of four of them overlap by three
_HOPS = 4
_OFFSET = -0.691
_SILENCE = -70.0  # LUFS: quieter blocks do not count
_BELOW = -10.0  # LU: nor those so much quieter than the others
_MEMORY = 0.15  # seconds
_STRETCH = 2.0  # seconds that are filtered at once, at least


def shelf(rate: int) -> Biquad:
    """Return the first filter, a shelf for what a head does to high frequencies."""
    frequency, gain, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = tan(pi * frequency / rate)
    high = 10 ** (gain / 20)
    band = high**0.4996667741545416
    norm = 1 + k / q + k * k
    numerator = (high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k)
    return _over(numerator, (norm, 2 * (k * k - 1), 1 - k / q + k * k), norm)


def high_pass(rate: int) -> Biquad:
    """Return the second filter, which takes low frequencies away."""
    frequency, q = 38.13547087602444, 0.5003270373238773
    k = tan(pi * frequency / rate)
    norm = 1 + k / q + k * k
    _, denominator = _over((0.0,) * 3, (norm, 2 * (k * k - 1), 1 - k / q + k * k), norm)
    return (1.0, -2.0, 1.0), denominator


def loudness(sound: NDArray[np.float32], rate: int) -> float | None:
    """Return the integrated loudness, in LUFS.

    Parameters
    ----------
    sound : ndarray, shape (1 or 2, samples)
        One that is shorter than 400 ms is one block.
    rate : int

    Returns
    -------
    float or None
        None where no block is louder than -70 LUFS.
    """
    powers = _block_powers(sound, rate)
    powers = powers[powers > _power(_SILENCE)]
    if not powers.size:
        return None
    relative = powers.mean() * 10 ** (_BELOW / 10)
    return _OFFSET + 10 * log10(float(powers[powers > relative].mean()))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET) / 10))


def _block_powers(sound: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Return the mean square of each block, of all channels together."""
    samples = sound.shape[1]
    bounds = np.round(np.arange(int(samples / (rate * _HOP)) + 1) * (rate * _HOP)).astype(np.int64)
    if len(bounds) <= _HOPS:
        bounds = np.array([0, samples])
    energies = sum(_energies(channel, rate, bounds) for channel in sound)
    width = min(_HOPS, len(bounds) - 1)
    sums = np.lib.stride_tricks.sliding_window_view(energies, width).sum(axis=-1)
    powers: NDArray[np.float64] = sums / (bounds[width:] - bounds[:-width])
    return powers


def _energies(
    channel: NDArray[np.float32], rate: int, bounds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the energy of a weighted channel between each of `bounds` and the next."""
    spectrum, taps = _spectrum(rate)
    size = 2 * (len(spectrum) - 1)
    hops = int((size - taps) / (rate * _HOP)) - 1
    parts = []
    for first in range(0, len(bounds) - 1, hops):
        checkpoint()
        inside = bounds[first : first + hops + 1]
        begin = inside[0] - taps + 1  # what the filters still remember
        stretch = np.zeros(size)
        stretch[max(-begin, 0) : inside[-1] - begin] = channel[max(begin, 0) : inside[-1]]
        answer = np.fft.irfft(np.fft.rfft(stretch) * spectrum)
        weighted = answer[taps - 1 : inside[-1] - begin]
        parts.append(np.add.reduceat(weighted * weighted, inside[:-1] - inside[0]))
    return np.concatenate(parts)


def filtering_bytes(rate: int) -> int:
    """Return how many bytes it takes to filter a stretch: six arrays of doubles."""
    return 6 * 8 * _size(rate)


def _size(rate: int) -> int:
    return 1 << int(_STRETCH * rate).bit_length()


@lru_cache(maxsize=2)  # megabytes each
def _spectrum(rate: int) -> tuple[NDArray[np.complex128], int]:
    """Return the spectrum of what both filters answer to one impulse, and how long that is."""
    taps = _impulse(rate)
    return np.fft.rfft(taps, _size(rate)), len(taps)


def _impulse(rate: int) -> NDArray[np.float64]:
    """Return what both filters answer to one impulse."""
    answer = [1.0, *[0.0] * (max(3, round(_MEMORY * rate)) - 1)]
    for (b0, b1, b2), (_, a1, a2) in (shelf(rate), high_pass(rate)):
        x1 = x2 = y1 = y2 = 0.0
        for index, x in enumerate(answer):
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            answer[index] = y
    return np.array(answer)


def _over(
    numerator: tuple[float, float, float], denominator: tuple[float, float, float], norm: float
) -> Biquad:
    b0, b1, b2 = numerator
    _, a1, a2 = denominator
    return (b0 / norm, b1 / norm, b2 / norm), (1.0, a1 / norm, a2 / norm)
