"""Sharpening by the difference from a blurred copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.image.strips import planes_of, strips, top_of
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from preprocessing.media import Array


def sharpen(image: Array, factor: float) -> Array:
    """``image * factor + smooth * (1 - factor)``, clipped, with the smooth rounded for integers.

    The smooth is Pillow's ``ImageFilter.SMOOTH``: a mean over 3 × 3 pixels in which the middle one
    counts five times. The outermost pixels stay as they are. As torchvision 0.29's
    ``adjust_sharpness_image``, whose thirteenths are rounded before they are added, not after.

    Parameters
    ----------
    image : ndarray, shape (H, W, C), 3 × 3 pixels or more
    factor : float

    Returns
    -------
    ndarray
        New and planar. What else is allocated is three strips of 512 KiB, kept by the thread.
    """
    height, width, channels = image.shape
    result = np.empty((channels, height, width), image.dtype)
    for start, stop in strips(image.shape):
        first, last = max(start - 1, 0), min(stop + 1, height)
        # As one long row a plane, because NumPy is at its best without gaps. Where a row meets the
        # next one the result is that of no pixel, and the edges are filled in below.
        flat = planes_of(image[first:last]).reshape(channels, -1)
        middle = flat[:, width:-width]
        column = scratch("column", middle.shape, "float32")
        smooth = scratch("smooth", middle.shape, "float32")
        np.add(flat[:, : -2 * width], middle, out=column)
        np.add(column, flat[:, 2 * width :], out=column)
        np.add(column[:, :-2], column[:, 1:-1], out=smooth[:, 1:-1])
        np.add(smooth[:, 1:-1], column[:, 2:], out=smooth[:, 1:-1])
        smooth[:, :1] = smooth[:, -1:] = 0
        np.add(smooth, np.multiply(middle, np.float32(4), out=column), out=smooth)
        np.multiply(smooth, np.float32(1.0 / 13.0), out=smooth)
        if image.dtype.kind == "u":
            np.rint(smooth, out=smooth)
        np.subtract(smooth, middle, out=smooth)
        np.multiply(smooth, np.float32(1.0 - factor), out=smooth)
        np.clip(np.add(smooth, middle, out=smooth), 0, top_of(image.dtype), out=smooth)
        rows = result[:, first + 1 : last - 1]
        np.copyto(rows, smooth.reshape(rows.shape), casting="unsafe")
    for edge in (0, -1):
        result[:, edge], result[:, :, edge] = image[edge].T, image[:, edge].T
    return result.transpose(1, 2, 0)
