"""A logarithm that is the same on every processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from preprocessing.kernels.audio.stft import Floats

_ROOT = np.float32(0.5**0.5)
_LOG10_ROOT = np.float32(-0.15051499783199060)
# The logarithm of 2, of 15 binary places, so that any exponent times it is exact; and what is left.
_LOG10_2 = np.float32(9864 / 2**15)
_LOG10_2_REST = np.float32(0.30102999566398120 - 9864 / 2**15)
_LOG10_E = 0.43429448190325182
# 2 atanh(s) / s in powers of s**2, the highest first.
_SERIES = tuple(np.float32(2.0 * _LOG10_E / (2 * k + 1)) for k in range(4, -1, -1))
# 64 KiB of float32, with its factors in the second cache.
_ITEMS = 2**14


def log10(values: Floats) -> None:
    """Overwrite positive, normal numbers by their decimal logarithms.

    NumPy's depend on the processor in their last bit. This one is made of sums, products and quotients,
    which IEEE 754 defines to the bit. It is within one unit in the last place of results above 1, and
    within 1e-7 of those nearer to 0. What is not finite stays so.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
    """
    rows = max(1, _ITEMS // values.shape[1])
    for start in range(0, len(values), rows):
        _log10(values[start : start + rows])


def _log10(values: Floats) -> None:
    """Write x as m * 2**e, m from 1/2 to 1; the logarithm of m is a series around the root of 1/2."""
    exponents = scratch("exponents", values.shape, "int32")
    ratio, square, power = (
        scratch(name, values.shape, "float32") for name in ("ratio", "square", "power")
    )
    np.frexp(values, out=(values, exponents))
    np.copyto(power, exponents, casting="same_kind")
    np.subtract(values, _ROOT, out=ratio)
    np.add(values, _ROOT, out=values)
    np.divide(ratio, values, out=ratio)
    np.multiply(ratio, ratio, out=square)
    np.multiply(square, _SERIES[0], out=values)
    for factor in _SERIES[1:-1]:
        np.add(values, factor, out=values)
        np.multiply(values, square, out=values)
    np.add(values, _SERIES[-1], out=values)
    np.multiply(values, ratio, out=values)
    np.add(values, _LOG10_ROOT, out=values)
    np.multiply(power, _LOG10_2_REST, out=square)
    np.add(values, square, out=values)
    np.multiply(power, _LOG10_2, out=power)
    np.add(values, power, out=values)
