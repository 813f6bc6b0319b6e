"""Conversion of samples to [0, 1] and back, as scikit-image takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.kernels.image.pointwise import round_clip

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from preprocessing.media import Array


def to_unit(image: Array, dtype: DTypeLike = np.float32) -> Array:
    """Map samples to [0, 1]: integers by the largest value of their type; floats are clipped.

    Parameters
    ----------
    image : ndarray
    dtype : float32 or float64

    Returns
    -------
    ndarray
        A new array of the same shape. NaN becomes 0: what follows may take samples for indices.
    """
    if image.dtype.kind == "u":
        return np.divide(image, np.iinfo(image.dtype).max, dtype=dtype)
    unit = np.fmax(image, 0, dtype=dtype)
    return np.fmin(unit, 1, out=unit)


def from_unit(values: Array, dtype: np.dtype[Any]) -> Array:
    """Map samples in [0, 1] to `dtype`: integers are rounded half up and clipped.

    Returns
    -------
    ndarray
        `values` itself where it has the type already. It may be overwritten.
    """
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    result = np.empty_like(values, dtype)
    values *= values.dtype.type(np.iinfo(dtype).max)
    round_clip(values, result)
    return result
