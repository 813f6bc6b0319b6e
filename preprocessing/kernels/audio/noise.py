"""White Gaussian noise that is the same on every processor.

Words come from SHAKE-128 (FIPS 202), keyed, as those in `preprocessing.rng` from SHA-256. A word of
32 bits is a place between 0 and 1, and the normal distribution's quantile there (M. J. Wichura,
"Algorithm AS 241", 1988, its PPND7, good to seven digits) the sample. All of it is sums, products,
quotients and square roots, which IEEE 754 defines to the bit; so is the logarithm, by its own series.
"""

from __future__ import annotations

import hashlib
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.temporaries import temporaries

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 2**16  # samples generated at a time
# AS 241: the middle by the square of the distance from it, the tails by the root of a logarithm.
_MIDDLE = 0.425
_A = (59.109374720, 159.29113202, 50.434271938, 3.3871327179)
_B = (67.187563600, 78.757757664, 17.895169469, 1.0)
_C = (0.17023821103, 1.3067284816, 2.7568153900, 1.4234372777)
_D = (0.12021132975, 0.73700164250, 1.0)
_LOG_2 = 0.6931471805599453
_TERMS = 9  # of the logarithm's series, which leaves 1e-15


@temporaries(lambda before, *_: 8 * (before.samples or 0))
def add_noise(sound: NDArray[np.float32], snr_db: float, key: int) -> NDArray[np.float32]:
    """Add noise with a power of `snr_db` below the sound's; keep silence."""
    power = sum(float(np.square(channel, dtype=np.float64).sum()) for channel in sound) / sound.size
    if power == 0:
        return sound
    level = float(np.float32(sqrt(power) * 10 ** (-snr_db / 20)))
    result = np.empty(sound.shape, np.float32)
    for index, channel in enumerate(sound):
        for block, first in enumerate(range(0, len(channel), _BLOCK)):
            checkpoint()
            part = channel[first : first + _BLOCK]
            noise = gaussian(b"%d,%d,%d" % (key, index, block), len(part))
            noise *= level
            noise += part
            result[index, first : first + _BLOCK] = noise
    return result


def gaussian(key: bytes, count: int) -> NDArray[np.float64]:
    """Return `count` independent samples of the standard normal distribution."""
    stream = hashlib.shake_128(key).digest(4 * count)
    return quantile(np.frombuffer(stream, "<u4"))


def quantile(words: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Return the standard normal distribution's quantile at (word + 1/2) / 2**32."""
    p = (words + 0.5) * 2.0**-32
    q = p - 0.5
    square = _MIDDLE**2 - q * q
    result = q * (_polynomial(_A, square) / _polynomial(_B, square))
    (tail,) = np.nonzero(square < 0)
    rest = np.where(q[tail] < 0, p[tail], 1 - p[tail])
    root = np.sqrt(-_log(rest)) - 1.6
    result[tail] = np.copysign(_polynomial(_C, root) / _polynomial(_D, root), q[tail])
    return result


def _polynomial(coefficients: tuple[float, ...], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Horner's scheme, the highest power first."""
    result = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        result *= x
        result += coefficient
    return result


def _log(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithm: of the mantissa, from 1/√2 to √2, by the series of the inverse tanh."""
    mantissa, exponent = np.frexp(x)
    small = mantissa < sqrt(0.5)
    mantissa[small] *= 2
    s = (mantissa - 1) / (mantissa + 1)
    series = _polynomial(tuple(1 / (2 * k + 1) for k in reversed(range(_TERMS))), s * s)
    result: NDArray[np.float64] = 2 * s * series + (exponent - small) * _LOG_2
    return result
