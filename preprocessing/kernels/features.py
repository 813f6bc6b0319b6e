"""Descriptors, by scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.unit import to_unit

if TYPE_CHECKING:
    from preprocessing.media import Array


def hog(image: Array, orientations: int, pixels_per_cell: int, cells_per_block: int) -> Array:
    """``skimage.feature.hog``, blocks as pixels.

    Allocates four images of float32, two planes of float64, and the result.

    Parameters
    ----------
    image : ndarray, shape (H, W, 1) or (H, W, 3)
        Integers are taken as they are; floats are clipped to [0, 1].
    orientations, pixels_per_cell, cells_per_block : int
        As scikit-image has them; cells and blocks are squares.

    Returns
    -------
    ndarray of float32, shape (rows of blocks, columns of blocks, numbers of a block)
    """
    from skimage.feature import hog as describe  # noqa: PLC0415  few images need it

    samples = image.astype(np.float32) if image.dtype.kind == "u" else to_unit(image)
    color = image.shape[2] == 3
    blocks: Array = describe(
        samples if color else samples[..., 0],
        orientations,
        (pixels_per_cell, pixels_per_cell),
        (cells_per_block, cells_per_block),
        feature_vector=False,
        channel_axis=-1 if color else None,
    )
    return blocks.reshape(*blocks.shape[:2], -1)
