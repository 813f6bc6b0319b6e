"""Conversion of a TIFF's samples to RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.palette import looked_up
from preprocessing.decode.image.tiff.layout import (
    BLACK_IS_ZERO,
    CMYK,
    LAB,
    PALETTE,
    WHITE_IS_ZERO,
    YCBCR,
)

if TYPE_CHECKING:
    from preprocessing.decode.image.tiff.fields import Directory
    from preprocessing.decode.image.tiff.layout import TiffLayout
    from preprocessing.media import Array

_MODES = {CMYK: "CMYK", YCBCR: "YCbCr", LAB: "LAB"}
_COLOR_MAP, _SHORT = 320, 3
_TWELVE = 12


def rgb_of_samples(samples: Array, layout: TiffLayout, fields: Directory) -> Array:
    """Convert samples (H, W, `layout.kept`), in the range of their bits, to RGB: uint8, (H, W, 3).

    Raises
    ------
    CorruptSource
        If the palette is missing or has the wrong size.
    """
    if layout.photometric == PALETTE:
        return _looked_up(samples[:, :, 0], layout, fields)
    pixels = _eight_bits(samples, layout.bits)
    if layout.photometric == WHITE_IS_ZERO:
        pixels[:, :, 0] = 255 - pixels[:, :, 0]
    if layout.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO):
        pixels = np.take(pixels, (0, 0, 0, 1)[: 3 + layout.alpha], axis=2)
    if layout.alpha:
        return _converted(pixels, "RGBA", "RGBa")[:, :, :3]
    if layout.photometric in _MODES:
        mode = _MODES[layout.photometric]
        return _converted(pixels, mode, mode)
    return pixels


def deep_of_samples(samples: Array, layout: TiffLayout) -> Array:
    """Convert gray or RGB samples of more than 8 bits: (H, W, 3), uint16 or float32.

    Raises
    ------
    UnsupportedSource
        If a float is infinite or not a number.
    """
    pixels: Array
    if layout.floats:
        pixels = samples.astype(np.float32, copy=False)
        if not np.isfinite(pixels).all():
            raise unsupported(
                "TIFF", "samples that are infinite or not numbers", "replace them, or store a mask"
            )
    elif layout.bits == _TWELVE:
        most = 2**_TWELVE - 1
        pixels = ((samples.astype(np.uint32) * 65_535 + most // 2) // most).astype(np.uint16)
    else:
        pixels = samples
    if layout.photometric == WHITE_IS_ZERO:
        pixels = np.uint16(65_535) - pixels
    return np.repeat(pixels, 3, axis=2) if layout.colours == 1 else pixels[:, :, :3]


def _eight_bits(samples: Array, bits: int) -> Array:
    """Scale samples to 8 bits: keep the high byte of more bits, and stretch fewer to the whole range."""
    if bits > 8:
        return (samples >> (bits - 8)).astype(np.uint8)
    if bits < 8:
        samples *= 255 // (2**bits - 1)
    return samples


def _looked_up(indices: Array, layout: TiffLayout, fields: Directory) -> Array:
    count = 2**layout.bits
    values = fields.numbers(_COLOR_MAP, 3 * 2**16)
    if len(values) != 3 * count or fields.fields[_COLOR_MAP].type != _SHORT:
        raise damaged("TIFF", f"its palette has {len(values)} values instead of {3 * count}")
    colours = values[: 3 * count].reshape(3, count).T
    # Some writers store 8 bits in the 16 bits of each value.
    shift = 8 if colours.max() > 255 else 0
    return looked_up("TIFF", (colours >> np.uint64(shift)).astype(np.uint8), indices)


def _converted(pixels: Array, mode: str, raw: str) -> Array:
    from PIL import Image  # noqa: PLC0415  heavy

    size = pixels.shape[1::-1]
    image = Image.frombytes(mode, size, np.ascontiguousarray(pixels).data, "raw", raw)
    return np.asarray(image if mode == "RGBA" else image.convert("RGB"))
