"""Noise taken away, edges made sharper: by scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.unit import from_unit, to_unit

if TYPE_CHECKING:
    from preprocessing.media import Array


def denoise_tv(image: Array, weight: float, eps: float, max_num_iter: int) -> Array:
    """``skimage.restoration.denoise_tv_chambolle`` of each channel, in single precision.

    scikit-image allocates seven planes of float32 for a channel, and the result.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Floats are clipped to [0, 1].
    weight, eps, max_num_iter
        As scikit-image has them.
    """
    from skimage.restoration import denoise_tv_chambolle  # noqa: PLC0415  a second and a half

    result = to_unit(image)
    for channel in range(image.shape[2]):
        plane = np.ascontiguousarray(result[..., channel])
        result[..., channel] = denoise_tv_chambolle(plane, weight, eps, max_num_iter)
    return from_unit(result, image.dtype)


def unsharp_mask(image: Array, radius: float, amount: float) -> Array:
    """``skimage.filters.unsharp_mask`` of each channel, in single precision.

    Allocates an image of float32, and planes of float32 for a channel.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Floats are clipped to [0, 1], as is the result.
    radius, amount : float
        As scikit-image has them.
    """
    from skimage.filters import unsharp_mask as unsharp  # noqa: PLC0415  half a second

    result = to_unit(image)
    # One by one: with channel_axis=-1 scikit-image 0.26 sharpens the first rows, not the channels.
    for channel in range(image.shape[2]):
        result[..., channel] = unsharp(result[..., channel], radius, amount)
    return from_unit(result, image.dtype)
