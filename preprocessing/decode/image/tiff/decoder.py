"""The first picture of a TIFF: header and pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode.image.faults import LOSSLESS, unsupported
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.tiff.fields import directory
from preprocessing.decode.image.tiff.layout import (
    GROUP3,
    GROUP4,
    JPEG,
    LZW,
    RLE,
    WEBP,
    WHITE_IS_ZERO,
    ZSTD,
    layout,
    tiff_orientation,
)
from preprocessing.decode.image.tiff.libtiff import GROUP
from preprocessing.decode.image.tiff.packed import packed_segments
from preprocessing.decode.image.tiff.samples import deep_of_samples, rgb_of_samples
from preprocessing.decode.image.tiff.segments import unpack_segments

if TYPE_CHECKING:
    from preprocessing.decode.image.tiff.fields import Directory
    from preprocessing.decode.image.tiff.layout import TiffLayout
    from preprocessing.media import Array, DType

# Bytes per pixel: the numbers from which 16 bits are made of 12, and three floats.
_HELD_DEEP = 24


def probe(data: bytes, deep: DType = "uint8") -> ImageHeader:
    """Read the header, without decoding pixels. `deep` is the type for which it will be decoded.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    fields = directory(data)
    found = layout(fields, deep)
    stored, held = (found.height, found.width), _held(found, data)
    if deep != "uint8":
        held += _HELD_DEEP * found.height * found.width
    return ImageHeader("tiff", stored, tiff_orientation(fields), found.name, held=held)


def _held(found: TiffLayout, data: bytes) -> int:
    held = found.held
    if found.compression in (LZW, ZSTD):
        # For the group of strips that libtiff decodes: its file, Pillow's image, and copies of both.
        held += 6 * min(found.row_bytes * found.height, GROUP) + len(data)
    elif found.compression in (RLE, GROUP3, GROUP4):
        held += 24 * len(data)  # a window of 13 bits at each bit
    return held


def decode(data: bytes, deep: DType = "uint8") -> Array:
    """Decode to (H, W, 3), before orientation. Raises the errors of `probe`.

    The type is uint8; if `deep` is another, uint16 for samples of 12 and 16 bits, and float32 for
    floats.
    """
    fields = directory(data)
    found = layout(fields, deep)
    # JPEG and WebP segments of three colours are decoded to RGB already.
    ready = found.compression in (JPEG, WEBP) and found.planes == 1 and found.colours == 3
    pixels = _stored(fields, found, 3 if ready else found.kept)
    if deep != "uint8" and found.bits > 8:
        return deep_of_samples(pixels, found)
    return pixels if ready else rgb_of_samples(pixels, found, fields)


def index_bits(data: bytes) -> int:
    """Return the bits of a class id; 0 if pixels have several samples.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    found = layout(directory(data))
    if found.samples * found.planes > 1:
        return 0
    if found.compression in (JPEG, WEBP):
        raise unsupported("TIFF", "class ids under lossy compression", LOSSLESS)
    if found.photometric == WHITE_IS_ZERO:
        raise unsupported("TIFF", "white as zero, so that readers disagree on its ids", LOSSLESS)
    return found.bits


def decode_index(data: bytes) -> Array:
    """Decode palette indices, or gray as stored: uint8 or uint16, (H, W). Raises as `probe`."""
    fields = directory(data)
    found = layout(fields)
    return _stored(fields, found, 1)[:, :, 0]


def _stored(fields: Directory, found: TiffLayout, kept: int) -> Array:
    """Return the samples of all strips or tiles, (H, W, `kept`), in the range of their bits."""
    pixels = np.empty((found.height, found.width, kept), found.sample_type)
    pieces = unpack_segments(packed_segments(fields, found), found, fields)
    for (plane, top, left, _), piece in zip(found.places(), pieces, strict=True):
        place = pixels[top : top + found.rows, left : left + found.across]
        part = piece[: place.shape[0], : place.shape[1]]
        if found.planes > 1:
            place[:, :, plane] = part[:, :, 0]
        else:
            place[:] = part[:, :, :kept]
    return pixels
