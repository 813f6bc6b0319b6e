"""A logarithm that is the same on every processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROOT = 0.5**0.5
_LOG10_2 = 0.30102999566398120
_LOG10_ROOT = -0.15051499783199060
_LOG10_E = 0.43429448190325182
# 2 atanh(s) / s in powers of s**2, the highest first.
_SERIES = tuple(2.0 * _LOG10_E / (2 * k + 1) for k in range(4, -1, -1))
# 64 KiB of float32, with its factors in the second cache.
_ITEMS = 2**14


def log10(values: NDArray[np.float32]) -> None:
    """Overwrite positive, normal numbers by their decimal logarithms.

    NumPy's depend on the processor in their last bit. This one is made of sums, products and quotients,
    which IEEE 754 defines to the bit. It is within one unit in the last place of results above 1, and
    within 1e-7 of those nearer to 0.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
    """
    rows = max(1, _ITEMS // values.shape[1])
    for start in range(0, len(values), rows):
        _log10(values[start : start + rows])


def _log10(values: NDArray[np.float32]) -> None:
    below = scratch("logarithm", values.shape, "float32")
    ratio = scratch("ratio", values.shape, "float32")
    whole = scratch("whole", values.shape, "float64")
    exponents = scratch("exponents", values.shape, "int32")
    np.frexp(values, out=(values, exponents))  # from 1/2 to 1, times a power of two
    np.add(values, _ROOT, out=below)
    np.subtract(values, _ROOT, out=ratio)
    np.divide(ratio, below, out=ratio)
    square = np.multiply(ratio, ratio, out=below)
    values.fill(_SERIES[0])
    for factor in _SERIES[1:]:
        np.multiply(values, square, out=values)
        np.add(values, factor, out=values)
    np.multiply(values, ratio, out=values)
    np.multiply(exponents, _LOG10_2, out=whole)
    np.add(whole, _LOG10_ROOT, out=whole)
    np.add(values, whole, out=values, casting="same_kind")
