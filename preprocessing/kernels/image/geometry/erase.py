"""Erasing of a rectangle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from preprocessing.media import Array


def erase(image: Array, box: tuple[int, int, int, int], value: tuple[float, ...]) -> Array:
    """Return a copy of the image with `value` in a rectangle.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
    box : tuple of int
        Top, left, height and width; the part outside the image is ignored.
    value : tuple of float
        One value, or one a channel; clipped to the sample type's, and truncated where that is integer.
    """
    top, left, height, width = box
    limits = np.iinfo(image.dtype) if image.dtype.kind == "u" else np.finfo(image.dtype)
    result = image.copy(order="K")
    result[top : top + height, left : left + width] = np.clip(
        value, float(limits.min), float(limits.max)
    ).astype(image.dtype)
    return result
