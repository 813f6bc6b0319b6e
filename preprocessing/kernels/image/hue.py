"""Rotation of the hue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.image.strips import map_planes, top_of
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from preprocessing.kernels.image.strips import Floats
    from preprocessing.media import Array

# Where each of R, G and B is full: in sixths of a turn, as a distance from it.
_CENTRES = (3.0, 2.0, 4.0)


def hue(image: Array, factor: float) -> Array:
    """Turn the hue of HSV by a fraction of a turn. Pointwise; allocates as `map_planes`.

    Value and saturation stay, so the largest and the smallest sample of each pixel stay too, and every
    channel is a ramp between the two. That needs none of HSV's six cases: the hue by sorting (S.
    Hocevar, "A fast RGB to HSV conversion", 2013), the ramps from A. R. Smith's hexagon, "Color gamut
    transform pairs", 1978.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3)
    factor : float
        From -0.5 to 0.5.
    """
    top, whole = top_of(image.dtype), image.dtype.kind == "u"
    # torchvision's equal bins, as in `pointwise.convert`, but so that float32 holds those of uint16.
    scale = np.float32((top + 1.0 - 2.0**-6) / top if whole else 1.0)
    turn = np.float32(6.0 * (factor % 1.0))

    def change(planes: Floats) -> None:
        angle, low, chroma, term = scratch("hue", (4, *planes.shape[1:]), "float32")
        _angle(planes, angle, low, chroma, term)
        np.add(angle, turn, out=angle)
        np.subtract(angle, (angle >= 6).view(np.int8) * np.int8(6), out=angle)
        np.multiply(chroma, scale, out=chroma)
        np.multiply(low, scale, out=low)
        for channel, centre in enumerate(_CENTRES):
            ramp = planes[channel]
            np.abs(np.subtract(angle, np.float32(centre), out=ramp), out=ramp)
            if channel == 0:
                np.subtract(ramp, np.float32(1), out=ramp)
            else:
                np.subtract(np.float32(2), ramp, out=ramp)
            np.clip(ramp, 0, 1, out=ramp)
            np.add(np.multiply(ramp, chroma, out=ramp), low, out=ramp)

    return map_planes(image, change, within=whole)


def _angle(planes: Floats, angle: Floats, low: Floats, chroma: Floats, term: Floats) -> None:
    """Fill in the hue in sixths of a turn, [0, 6], the smallest sample, and the largest less that.

    G and B are sorted, then R among them; each exchange mirrors the hexagon, so that the hue is what
    the sorted samples say, plus one of four constants, without its sign.
    """
    red, green, blue = planes
    first = (green < blue).view(np.int8)
    np.maximum(green, blue, out=angle)
    np.minimum(green, blue, out=term)
    second = (red < angle).view(np.int8)
    sector = second * (first * np.int8(12) - np.int8(2)) - first * np.int8(6)
    np.maximum(red, angle, out=chroma)
    np.minimum(red, angle, out=angle)
    np.minimum(angle, term, out=low)
    np.subtract(chroma, low, out=chroma)
    np.subtract(angle, term, out=angle)
    np.add(chroma, (chroma == 0).view(np.int8), out=term)  # gray has no hue: any will do
    np.divide(angle, term, out=angle)
    np.abs(np.add(angle, sector, out=angle), out=angle)
