"""Edges of a gray image, by scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint, interruptible
from preprocessing.kernels.image.unit_range import to_unit
from preprocessing.kernels.temporaries import per_pixel, temporaries

if TYPE_CHECKING:
    from preprocessing.media import Array


# Seconds that SciPy takes for a tap of a blur.
_TAP_S = 1e-9


@temporaries(per_pixel(16))
def sobel(image: Array) -> Array:
    """``skimage.filters.sobel``: the magnitude of the gradient, float32.

    Allocates five planes of float32.

    Parameters
    ----------
    image : ndarray, shape (H, W, 1)
        Floats are clipped to [0, 1].
    """
    from skimage.filters import sobel as magnitude  # noqa: PLC0415  half a second

    with interruptible():
        result: Array = magnitude(to_unit(image[..., 0]))
    return result[..., np.newaxis]


@temporaries(per_pixel(58))
def canny(image: Array, sigma: float, low_threshold: float, high_threshold: float) -> Array:
    """``skimage.feature.canny``: 255 on edges, 0 elsewhere, uint8.

    Allocates seven planes of float64.

    Parameters
    ----------
    image : ndarray, shape (H, W, 1)
        Floats are clipped to [0, 1].
    sigma, low_threshold, high_threshold : float
        As scikit-image has them, for samples in [0, 1].
    """
    from skimage.feature import canny as find_edges  # noqa: PLC0415  half a second

    # In double, as scikit-image takes integers: a threshold is passed or it is not.
    gray = to_unit(image[..., 0], np.float64)
    # Each of two images is blurred along both axes, each time in one call.
    checkpoint(lasting=gray.size * (8.0 * sigma + 1.0) * _TAP_S)
    with interruptible():
        edges: Array = find_edges(gray, sigma, low_threshold, high_threshold)
    return np.multiply(edges, 255, dtype=np.uint8)[..., np.newaxis]
