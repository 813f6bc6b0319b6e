"""Denoising by total variation, and unsharp masking, by scikit-image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint, interruptible
from preprocessing.kernels.image.unit_range import from_unit, to_unit
from preprocessing.kernels.temporaries import pixels, samples, temporaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from preprocessing.media import Array


# Pixels of a channel that are sharpened at once, with what the blur sees around them.
_STRIP_PIXELS = 2**20


@temporaries(lambda before, _, *__: 4 * samples(before) + 44 * pixels(before))
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
        with interruptible():
            result[..., channel] = denoise_tv_chambolle(plane, weight, eps, max_num_iter)
    return from_unit(result, image.dtype)


def _unsharp(before: Any, _: Any, radius: float, __: float) -> int:
    """Bytes of the image in float32 twice over, and of the planes of a strip."""
    rows = max(stop - start for start, stop, *_ in _strips(before.height, before.width, radius))
    return int(8 * samples(before) + 16 * (rows + 2 * _reach(radius)) * before.width)


@temporaries(_unsharp)
def unsharp_mask(image: Array, radius: float, amount: float) -> Array:
    """``skimage.filters.unsharp_mask`` of each channel, in single precision.

    Allocates two images of float32, and planes of float32 for a strip of a channel.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Floats are clipped to [0, 1], as is the result.
    radius, amount : float
        As scikit-image has them.
    """
    from skimage.filters import unsharp_mask as unsharp  # noqa: PLC0415  half a second

    unit = to_unit(image)
    result = np.empty_like(unit)
    height, width, channels = image.shape
    # One by one: with channel_axis=-1 scikit-image 0.26 sharpens the first rows, not the channels.
    for channel in range(channels):
        for start, stop, first, last in _strips(height, width, radius):
            checkpoint()
            strip = unsharp(unit[first:last, :, channel], radius, amount)
            result[start:stop, :, channel] = strip[start - first : stop - first]
    del unit
    return from_unit(result, image.dtype)


def _reach(radius: float) -> int:
    """Return how far the blur of scikit-image sees: to four standard deviations."""
    return int(4.0 * radius + 0.5) + 1


def _strips(height: int, width: int, radius: float) -> Iterator[tuple[int, int, int, int]]:
    """Yield the first row and the end of each strip, and the same of what its blur sees."""
    reach = _reach(radius)
    rows = max(_STRIP_PIXELS // (width * (1 + int(radius) // 8)), reach)
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        yield start, stop, max(start - reach, 0), min(stop + reach, height)
