"""Masks moved by a matrix: each pixel of the result takes the sample at the place it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.geometry.matrices import middles_from_corners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.geometry.matrices import Coefficients
    from preprocessing.media import Array

# Pixels whose places are computed at once.
_BLOCK = 2**16
# Places that are this near to the next pixel belong to it. Without rounding they would often lie exactly
# between two, as when every second pixel is taken.
_NEARLY = 2.0**-24


def holds_number(dtype: np.dtype[Any], number: float) -> bool:
    """Return whether samples of a type can have this value."""
    if dtype.kind == "f":
        return True
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return low <= number <= high and number == int(number)


def pick_nearest(mask: Array, back: Coefficients, size: tuple[int, int], fill: float) -> Array:
    """Return the samples that the centres of the result's pixels fall on.

    Parameters
    ----------
    mask : ndarray, shape (..., H, W)
    back : tuple of 9 floats
        From places in the result to places in the mask.
    size : (int, int)
        Height and width of the result.
    fill : float
        Value outside the mask.

    Returns
    -------
    ndarray, shape (..., *size)
        Of the mask's type.
    """
    result = np.full((*mask.shape[:-2], *size), fill, mask.dtype)
    if back[1] == back[3] == back[6] == back[7] == 0.0 and back[8] == 1.0:
        rows = back[4] * (np.arange(size[0], dtype=np.float64) + 0.5) + back[5]
        columns = back[0] * (np.arange(size[1], dtype=np.float64) + 0.5) + back[2]
        (y, here_y), (x, here_x) = _index(rows, mask.shape[-2]), _index(columns, mask.shape[-1])
        places = np.flatnonzero(here_y)[:, None], np.flatnonzero(here_x)
        result[..., places[0], places[1]] = mask[..., y[here_y][:, None], x[here_x]]
        return result
    step = max(_BLOCK // size[1], 1)
    for first in range(0, size[0], step):
        block = result[..., first : first + step, :]
        across, down = _places(back, first, block.shape[-2:])
        (y, here_y), (x, here_x) = _index(down, mask.shape[-2]), _index(across, mask.shape[-1])
        here = here_y & here_x
        block[..., here] = mask[..., y[here], x[here]]
    return result


def blend_bilinear(mask: Array, back: Coefficients, size: tuple[int, int], fill: float) -> Array:
    """Return the samples blended as `Affine` blends those of an image; see `pick_nearest`."""
    from preprocessing.kernels.image.geometry.warp import warp  # noqa: PLC0415  for few masks

    flat = mask.reshape(-1, *mask.shape[-2:]).transpose(1, 2, 0)
    moved = warp(flat, middles_from_corners(back), size, "bilinear", (fill,)).transpose(2, 0, 1)
    return np.ascontiguousarray(moved).reshape(*mask.shape[:-2], *size)


def _places(
    back: Coefficients, first: int, shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y in the mask of the pixels of some rows."""
    y = np.arange(first, first + shape[0], dtype=np.float64)[:, None] + 0.5
    x = np.arange(shape[1], dtype=np.float64) + 0.5
    across, down, depth = (back[i] * x + back[i + 1] * y + back[i + 2] for i in (0, 3, 6))
    with np.errstate(all="ignore"):  # the horizon is nowhere
        return across / depth, down / depth


def _index(places: NDArray[np.float64], side: int) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Return the pixels at places along an axis, and which places are in the mask."""
    with np.errstate(all="ignore"):
        whole = np.floor(places + _NEARLY)
        here = (whole >= 0) & (whole < side)
        return np.where(here, whole, 0.0).astype(np.intp), here
