"""Brightness, contrast, saturation and gamma, in the arithmetic of torchvision's tensor kernels.

The formulas are those of torchvision 0.29, transforms/v2/functional/_color.py. Integers are computed
in float32 and truncated, as there. Where PyTorch multiplies and adds in one instruction with one
rounding, these round twice where that costs time, so that a few samples in a million end one level off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from preprocessing.kernels.image.lut import apply_table, table_of
from preprocessing.kernels.image.pointwise import convert
from preprocessing.kernels.image.strips import by_rows, map_planes, planes_of, strips, top_of
from preprocessing.kernels.scratch import scratch
from preprocessing.kernels.temporaries import per_sample, temporaries

if TYPE_CHECKING:
    from preprocessing.kernels.image.strips import Floats
    from preprocessing.media import Array, DType

# torchvision's luma, `_rgb_to_grayscale_image`: BT.601 with red cut to four places.
_LUMA = (0.2989, 0.587, 0.114)


def brightness(image: Array, factor: float) -> Array:
    """``image * factor``, clipped. Pointwise; allocates the result, and a float32 copy of a piece.

    Parameters
    ----------
    image : ndarray
    factor : float
    """

    def change(rows: Array) -> Array:
        scaled = np.multiply(rows, np.float32(factor), dtype=np.float32)
        np.clip(scaled, 0, top_of(image.dtype), out=scaled)
        return scaled.astype(image.dtype, copy=False)

    return by_rows(image, change)


@temporaries(per_sample(2))
def contrast(image: Array, factor: float) -> Array:
    """``image * factor + mean * (1 - factor)``, clipped, with the mean of the image's gray.

    The sum of integers is exact in any order. Besides the result it allocates what `apply_table`
    does for uint8.

    Parameters
    ----------
    image : ndarray, shape (H, W, 1) or (H, W, 3)
    factor : float
    """
    total = 0.0
    for start, stop in strips(image.shape):
        gray = _gray(planes_of(image[start:stop]), whole=image.dtype.kind == "u")
        total += float(gray.sum(dtype=np.float64))
    mean = total / (image.shape[0] * image.shape[1])
    if image.dtype == np.uint8:
        return apply_table(image, table_of(_mix, mean, factor))
    return _mix(image, mean, factor)


def saturation(image: Array, factor: float) -> Array:
    """``image * factor + gray * (1 - factor)``, clipped. Pointwise; allocates as `map_planes`.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
    factor : float
    """
    whole = image.dtype.kind == "u"

    def change(planes: Floats) -> None:
        gray = _gray(planes, whole=whole)
        np.multiply(gray, np.float32(1.0 - factor), out=gray)
        np.multiply(planes, np.float32(factor), out=planes)
        np.add(planes, gray, out=planes)

    return map_planes(image, change)


def gamma(image: Array, exponent: float, gain: float) -> Array:
    """``gain * image ** exponent`` for samples in [0, 1], clipped. Pointwise.

    Integers go by a table of all their values, computed one by one: NumPy's vectorised powers differ in
    the last bit between processors. Floats below 0 count as 0. Allocates the result.

    Parameters
    ----------
    image : ndarray
    exponent, gain : float
    """
    if image.dtype.kind == "u":
        levels = np.arange(top_of(image.dtype) + 1, dtype=image.dtype)
        unit = convert(levels, "float32", scale=True).tolist()
        powers = np.array([level**exponent for level in unit]).astype(np.float32)
        table = _gained(powers, gain, image.dtype.name)
        return by_rows(image, lambda rows: np.take(table, rows))

    def change(rows: Array) -> Array:
        powers = np.power(np.maximum(rows, 0), np.float32(exponent), dtype=np.float32)
        return _gained(powers, gain, image.dtype.name)

    return by_rows(image, change)


def _gained(powers: Floats, gain: float, dtype: str) -> Array:
    """Return powers times a gain, clipped, in the type of the image; overwrites them."""
    if gain != 1.0:
        np.clip(np.multiply(powers, np.float32(gain), out=powers), 0, 1, out=powers)
    return convert(powers, cast("DType", dtype), scale=True)


def _gray(planes: Floats, *, whole: bool) -> Floats:
    """Return the luma of (C, n, W), rounded down where it is to be `whole`, in scratch memory."""
    shape = planes.shape[1:]
    gray, term = scratch("gray", shape, "float32"), scratch("term", shape, "float32")
    if len(planes) == 1:
        np.copyto(gray, planes[0])
        return gray
    np.multiply(planes[0], np.float32(_LUMA[0]), out=gray)
    for plane, weight in zip(planes[1:], _LUMA[1:], strict=True):
        np.add(gray, np.multiply(plane, np.float32(weight), out=term), out=gray)
    if whole:
        np.floor(gray, out=gray)
    return gray


def _mix(image: Array, gray: float, factor: float) -> Array:
    """``image * factor + gray * (1 - factor)`` for one gray, the sum rounded once, as PyTorch does."""
    offset = float(np.float32(gray)) * float(np.float32(1.0 - factor))

    def change(rows: Array) -> Array:
        mixed = np.multiply(rows, np.float32(factor), dtype=np.float32)
        np.add(mixed, offset, out=mixed, dtype=np.float64, casting="same_kind")
        np.clip(mixed, 0, top_of(image.dtype), out=mixed)
        return mixed.astype(image.dtype, copy=False)

    return by_rows(image, change)
