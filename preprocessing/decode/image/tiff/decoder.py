"""The first picture of a TIFF: header and pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.tiff.fields import directory
from preprocessing.decode.image.tiff.layout import (
    GROUP3,
    GROUP4,
    JPEG,
    LZW,
    RLE,
    WEBP,
    ZSTD,
    layout,
    tiff_orientation,
)
from preprocessing.decode.image.tiff.libtiff import GROUP
from preprocessing.decode.image.tiff.packed import packed_segments
from preprocessing.decode.image.tiff.samples import rgb_of_samples
from preprocessing.decode.image.tiff.segments import unpack_segments

if TYPE_CHECKING:
    from preprocessing.decode.image.tiff.layout import TiffLayout
    from preprocessing.media import Array


def probe(data: bytes) -> ImageHeader:
    """Read the header, without decoding pixels.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    fields = directory(data)
    found = layout(fields)
    stored = found.height, found.width
    return ImageHeader(
        "tiff", stored, tiff_orientation(fields), found.name, held=_held(found, data)
    )


def _held(found: TiffLayout, data: bytes) -> int:
    held = found.held
    if found.compression in (LZW, ZSTD):
        # For the group of strips that libtiff decodes: its file, Pillow's image, and copies of both.
        held += 6 * min(found.row_bytes * found.height, GROUP) + len(data)
    elif found.compression in (RLE, GROUP3, GROUP4):
        held += 24 * len(data)  # a window of 13 bits at each bit
    return held


def decode(data: bytes) -> Array:
    """Decode to uint8, (H, W, 3), before orientation. Raises the errors of `probe`."""
    fields = directory(data)
    found = layout(fields)
    # JPEG and WebP segments of three colours are decoded to RGB already.
    ready = found.compression in (JPEG, WEBP) and found.planes == 1 and found.colours == 3
    kept = 3 if ready else found.kept
    pixels = np.empty((found.height, found.width, kept), np.uint8 if found.bits <= 8 else np.uint16)
    pieces = unpack_segments(packed_segments(fields, found), found, fields)
    for (plane, top, left, _), piece in zip(found.places(), pieces, strict=True):
        place = pixels[top : top + found.rows, left : left + found.across]
        part = piece[: place.shape[0], : place.shape[1]]
        if found.planes > 1:
            place[:, :, plane] = part[:, :, 0]
        else:
            place[:] = part[:, :, :kept]
    return pixels if ready else rgb_of_samples(pixels, found, fields)
