"""Pointwise kernels: luma, affine maps, and conversions of dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.image.strips import by_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array, DType

# ITU-R BT.601, the luma of JPEG and of Pillow's "L".
LUMA = (0.299, 0.587, 0.114)
# What is made gray at once: most images whole.
_PIECE_PIXELS = 2**19


def round_clip(values: NDArray[np.float32], out: Array, *, within: bool = False) -> None:
    """Round half up and clip into an integer `out` of the same shape; `values` is overwritten.

    With `within` the values are known to be in the type's range, and nothing is clipped.
    """
    np.add(values, 0.5, out=values)
    if not within:
        top = np.iinfo(out.dtype).max
        np.clip(values, 0, np.nextafter(np.float32(top + 1), np.float32(0)), out=values)
    np.copyto(out, values, casting="unsafe")


def luma(image: Array, out: Array) -> None:
    """Gray of an RGB image: ``0.299 R + 0.587 G + 0.114 B``, rounded where the type is integer.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
    out : ndarray, shape (H, W, 1), same dtype as `image`
    """
    rows = max(1, _PIECE_PIXELS // image.shape[1])
    for start in range(0, len(image), rows):
        checkpoint()
        _luma(image[start : start + rows], out[start : start + rows, :, 0])


def _luma(image: Array, out: Array) -> None:
    gray = np.multiply(image[..., 0], np.float32(LUMA[0]), dtype=np.float32)
    for channel in (1, 2):
        gray += np.multiply(image[..., channel], np.float32(LUMA[channel]), dtype=np.float32)
    if np.issubdtype(out.dtype, np.integer):
        round_clip(gray, out)
    else:
        np.copyto(out, gray, casting="same_kind")


def affine(image: Array, scale: tuple[float, ...], shift: tuple[float, ...], out: Array) -> None:
    """``image * scale + shift``, channel by channel.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
    scale, shift : tuple of C floats
    out : ndarray of float32 or float16, shape (H, W, C); may be `image` itself
    """
    factors, offsets = (np.array(values, np.float32) for values in (scale, shift))
    np.multiply(image, factors, out=out, casting="same_kind")
    np.add(out, offsets, out=out, casting="same_kind")


def convert(image: Array, dtype: DType, *, scale: bool) -> Array:
    """Change the sample type as ``torchvision.transforms.v2.functional.to_dtype`` does.

    Parameters
    ----------
    image : ndarray
    dtype : str
        The type wanted.
    scale : bool
        Whether values are mapped from the range of one type to that of the other. The range of a
        float is [0, 1], that of an unsigned integer [0, its largest value].

    Returns
    -------
    ndarray
        `image` itself where it already has the type. Values outside the new type's range are clipped
        (torchvision leaves them undefined).
    """
    target = np.dtype(dtype)
    if image.dtype == target:
        return image
    return by_rows(image, lambda rows: _converted(rows, target, scale=scale))


def _converted(image: Array, target: np.dtype[Any], *, scale: bool) -> Array:
    from_int, to_int = image.dtype.kind == "u", target.kind == "u"
    if to_int and not from_int:
        return _float_to_int(image, target, scale=scale)
    if to_int:
        return _int_to_int(image, target, scale=scale)
    if from_int and scale:
        return np.divide(image, np.float32(np.iinfo(image.dtype).max), dtype=np.float32).astype(
            target, copy=False
        )
    if target == np.float16:
        largest = np.finfo(np.float16).max
        return np.clip(image, -np.float32(largest), np.float32(largest)).astype(target)
    return image.astype(target)


def _float_to_int(image: Array, target: np.dtype[Any], *, scale: bool) -> Array:
    top = np.iinfo(target).max
    # torchvision's equal bins: [0, 1] is cut into top + 1 equal parts, the last one closed.
    factor = np.float32(top + 1.0 - 1e-3) if scale else np.float32(1)
    scaled = np.multiply(image, factor, dtype=np.float32)
    # fmax, unlike clip, makes 0 of NaN, whose cast is undefined.
    np.fmin(np.fmax(scaled, 0, out=scaled), top, out=scaled)
    return scaled.astype(target)


def _int_to_int(image: Array, target: np.dtype[Any], *, scale: bool) -> Array:
    if target.itemsize > image.dtype.itemsize:
        wide = image.astype(target)
        return np.left_shift(wide, 8) if scale else wide
    narrow = np.right_shift(image, 8) if scale else np.minimum(image, np.iinfo(target).max)
    return narrow.astype(target)
