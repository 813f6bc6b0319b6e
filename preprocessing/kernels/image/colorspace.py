"""RGB in other colour spaces, in scikit-image's ranges, without it.

Elementwise float32 arithmetic of correctly rounded operations alone, so that the bits are the same on
every processor: roots are Newton's, not the C library's, which differ in the last place. In bands of
rows, so that what is between stays in cache: three to ten times as fast as scikit-image.

Each allocates its result, planar, and a few planes of a band.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.kernels.image.unit_range import to_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array

    Plane: TypeAlias = NDArray[np.float32]
    Matrix: TypeAlias = tuple[tuple[float, float, float], ...]

# Samples of a channel in a band: the half-dozen planes of one stay within 512 KB of cache.
_BAND = 1 << 14

# ITU-R BT.601 with 8 bits: skimage.color's ycbcr_from_rgb, and its offsets.
_YCBCR: Matrix = (
    (65.481, 128.553, 24.966),
    (-37.797, -74.203, 112.0),
    (112.0, -93.786, -18.214),
)
_YCBCR_OFFSETS = (16.0, 128.0, 128.0)

# IEC 61966-2-1, sRGB to CIE XYZ: skimage.color's xyz_from_rgb. White is D65 of the 2° observer.
_XYZ: Matrix = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)
_RELATIVE_XYZ: Matrix = tuple(
    (red / white, green / white, blue / white)
    for (red, green, blue), white in zip(_XYZ, _WHITE, strict=True)
)


def to_hsv(image: Array) -> Array:
    """Hue, saturation and value, each in [0, 1], of an (H, W, 3) image; gray has hue 0."""
    return _by_bands(image, _hsv)


def to_ycbcr(image: Array) -> Array:
    """Y in [16, 235], Cb and Cr in [16, 240], of an (H, W, 3) image."""
    return _by_bands(image, _ycbcr)


def to_lab(image: Array) -> Array:
    """CIE L* in [0, 100], a* and b* from about -108 to 99, of an (H, W, 3) image of sRGB."""
    if image.dtype != np.uint8:
        return _by_bands(image, lambda band, out: _lab(_linear(to_unit(band)), out))
    levels = np.arange(256, dtype=np.uint8)
    table = _linear(to_unit(levels))
    return _by_bands(image, lambda band, out: _lab(table[band], out))


def _by_bands(image: Array, convert: Callable[[Array, Array], None]) -> Array:
    """Give `convert` a few rows at a time, and where their three planes of result should be."""
    height, width, _ = image.shape
    planes = np.empty((3, height, width), np.float32)
    rows = max(_BAND // width, 1)
    for top in range(0, height, rows):
        checkpoint()
        band = image[top : top + rows].transpose(2, 0, 1)
        convert(band, planes[:, top : top + rows])
    return planes.transpose(1, 2, 0)


def _hsv(band: Array, out: Array) -> None:
    red, green, blue = to_unit(band)
    hue, saturation, value = out
    np.maximum(np.maximum(red, green), blue, out=value)
    spread = value - np.minimum(np.minimum(red, green), blue)
    colored = spread > 0
    # The sextant pair is that of the largest channel; the last of equals, as in scikit-image.
    by_blue, by_green = blue == value, green == value
    difference = np.where(by_blue, red - green, np.where(by_green, blue - red, green - blue))
    difference /= np.where(colored, spread, np.float32(1))
    difference += np.where(by_blue, np.float32(4), np.where(by_green, np.float32(2), np.float32(0)))
    difference /= np.float32(6)
    difference += difference < 0
    np.multiply(difference, colored, out=hue)
    np.divide(spread, np.where(colored, value, np.float32(1)), out=saturation)


def _ycbcr(band: Array, out: Array) -> None:
    _mix(to_unit(band), _YCBCR, out)
    out += np.array(_YCBCR_OFFSETS, np.float32).reshape(3, 1, 1)


def _lab(linear: Array, out: Array) -> None:
    """CIE 1976 of linear RGB, with the rounded constants that scikit-image has."""
    _mix(linear, _RELATIVE_XYZ, out)
    f = np.where(
        out > np.float32(0.008856),
        _root(out, 3),
        np.float32(7.787) * out + np.float32(16.0 / 116.0),
    )
    np.multiply(f[1], np.float32(116), out=out[0])
    out[0] -= np.float32(16)
    np.multiply(f[0] - f[1], np.float32(500), out=out[1])
    np.multiply(f[1] - f[2], np.float32(200), out=out[2])


def _mix(planes: Array, matrix: Matrix, out: Array) -> None:
    """Multiply by a matrix, sums from left to right: a library's may take another order."""
    for channel, row in enumerate(matrix):
        np.multiply(planes[0], np.float32(row[0]), out=out[channel])
        out[channel] += planes[1] * np.float32(row[1])
        out[channel] += planes[2] * np.float32(row[2])


def _linear(samples: Array) -> Array:
    """Take the gamma away from samples of sRGB in [0, 1]: IEC 61966-2-1."""
    base = (samples + np.float32(0.055)) / np.float32(1.055)
    fifth = _root(base, 5)  # x^2.4 = x^2 · (x^(1/5))^2
    return np.where(samples > np.float32(0.04045), (base * fifth) ** 2, samples / np.float32(12.92))


def _root(values: Plane, degree: int) -> Plane:
    """Take the root of numbers from 0 to 2, within 1e-7 of it; 0 gives something near 0.

    The exponent is divided where it stands, in the bits, which is right within some percent; each of
    Newton's steps then doubles the places.
    """
    one = int(np.float32(1).view(np.int32))
    bits = values.view(np.int32) // np.int32(degree)
    bits += np.int32(one - one // degree)
    root = bits.view(np.float32)
    for _ in range(4):
        power = root * root
        if degree == 5:
            power *= power
        step = values / power
        step -= root
        step *= np.float32(1 / degree)
        root += step
    return root
