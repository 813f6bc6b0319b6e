"""Histogram equalisation, global and by regions, by scikit-image.

An RGB image is equalised in its brightness, the V of HSV, which is the largest of R, G and B. Colour
follows by ratio: that is what going to HSV and back comes to, at a fifth of its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import interruptible
from preprocessing.kernels.image.unit_range import from_unit, to_unit
from preprocessing.kernels.temporaries import pixels, samples, temporaries

if TYPE_CHECKING:
    from typing import Any

    from preprocessing.media import Array


# scikit-image has a histogram, a map and copies of them for each region, with 256 bins in float64.
_REGION_BYTES = 20 * 1024


def _by_regions(before: Any, _: Any, __: float, kernel_size: tuple[int, int] | None) -> int:
    """Bytes of what scikit-image makes of the image, with regions around it, and recoloured."""
    sides = (before.height, before.width)
    regions = kernel_size or tuple(max(side // 8, 1) for side in sides)
    padded = [
        side + region // 2 + -side % region + -(-region // 2)
        for side, region in zip(sides, regions, strict=True)
    ]
    count = (padded[0] // regions[0] + 1) * (padded[1] // regions[1] + 1)
    whole = 32 * padded[0] * padded[1] + 24 * regions[0] * regions[1] + _REGION_BYTES * count
    floats = 0 if before.dtype.startswith("u") else 4
    return int(whole + floats * samples(before) + 16 * pixels(before) + 8 * samples(before))


@temporaries(_by_regions)
def clahe(image: Array, clip_limit: float, kernel_size: tuple[int, int] | None) -> Array:
    """``skimage.exposure.equalize_adapthist`` of the brightness.

    scikit-image allocates about 60 bytes a pixel, and 10 KB a region.

    Parameters
    ----------
    image : ndarray, shape (H, W, 1) or (H, W, 3)
        Floats are clipped to [0, 1].
    clip_limit : float
    kernel_size : (int, int), optional
        Height and width of a region; an eighth of the image's without it.
    """
    from skimage.exposure import equalize_adapthist  # noqa: PLC0415  brings scipy's share of a start

    samples = image if image.dtype.kind == "u" else to_unit(image)
    brightness = _brightness(samples)
    with interruptible():
        equal = equalize_adapthist(brightness, kernel_size, clip_limit)
    return from_unit(_recolor(samples, brightness, equal), image.dtype)


def _by_brightness(before: Any, _: Any) -> int:
    """Bytes of the recoloured image and of planes of brightness; of floats in double precision."""
    if before.dtype.startswith("u"):
        return 10 * pixels(before) + 4 * samples(before)
    return 16 * samples(before) + 24 * pixels(before)


@temporaries(_by_brightness)
def equalize_hist(image: Array) -> Array:
    """``skimage.exposure.equalize_hist`` of the brightness: each integer a bin, 256 bins for floats.

    Allocates three float32 images of one channel and one of the image's, and for floats scikit-image's
    own in double precision.

    Parameters
    ----------
    image : ndarray, shape (H, W, 1) or (H, W, 3)
        Floats are clipped to [0, 1].
    """
    from skimage.exposure import cumulative_distribution  # noqa: PLC0415  as above

    integer = image.dtype.kind == "u"
    samples = image if integer else to_unit(image)
    # Floats in double: NumPy refuses 256 bins between numbers that have not as many between them.
    brightness = _brightness(samples if integer else samples.astype(np.float64))
    with interruptible():
        shares, centers = cumulative_distribution(brightness, 256)
    if integer:  # a table, where scikit-image interpolates for every pixel: the same values
        levels = np.arange(np.iinfo(image.dtype).max + 1)
        equal = np.interp(levels, centers, shares).astype(np.float32)[brightness]
    else:
        equal = np.interp(brightness, centers, shares)
    return from_unit(_recolor(samples, brightness, equal), image.dtype)


def _brightness(image: Array) -> Array:
    """V of HSV, shape (H, W)."""
    if image.shape[2] == 1:
        return image[..., 0]
    return np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2])


def _recolor(samples: Array, brightness: Array, wanted: Array) -> Array:
    """Return the image with the brightness `wanted`, in [0, 1], its hue and saturation kept.

    Where it is black it has neither, and becomes gray.
    """
    wanted = wanted.astype(np.float32)[..., np.newaxis]
    if samples.shape[2] == 1:
        return wanted
    black = brightness == 0
    divisor = np.where(black, 1, brightness).astype(np.float32)
    result = np.divide(samples, divisor[..., np.newaxis], dtype=np.float32)
    result[black] = 1
    result *= wanted
    return result
