"""Decoders of strips and tiles that are JPEG or WebP files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.decode.image import webp as webps
from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.jpeg import decoder as jpegs
from preprocessing.decode.image.tiff.layout import BLACK_IS_ZERO, CMYK, RGB, WHITE_IS_ZERO, YCBCR
from preprocessing.errors import CorruptSource

if TYPE_CHECKING:
    from preprocessing.decode.image.header import ImageHeader
    from preprocessing.decode.image.tiff.layout import TiffLayout
    from preprocessing.media import Array

# Adobe's segment, which says whether three samples are RGB (0) or YCbCr (1). The TIFF has this in a
# field, where the JPEG decoder does not see it.
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
_TRANSFORM = {RGB: b"\x00", YCBCR: b"\x01"}
_NAMES = {1: ("Gray", "GRAY", "L"), 3: ("YCbCr", "RGB"), 4: ("CMYK", "YCCK")}


def jpeg(piece: memoryview, tables: bytes, rows: int, layout: TiffLayout) -> Array:
    """Decode a strip or tile that is a JPEG: to one or four samples if it has as many, else to RGB.

    Parameters
    ----------
    piece : memoryview
        A JPEG, which may lack its tables.
    tables : bytes
        A JPEG with tables only; may be empty.
    rows : int
        Rows of the strip or tile.
    layout : TiffLayout

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    alone = layout.planes > 1 or layout.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    # Four samples are not converted: CMYK in a TIFF is not inverted, and RGB may have an alpha.
    four = not alone and layout.samples == 4 and layout.photometric in (CMYK, RGB)
    if layout.samples != (1 if alone else layout.colours) and not four:
        raise unsupported("TIFF", f"JPEG compression with {layout.samples} samples per pixel")
    start = b"\xff\xd8" + (b"" if alone or four else _ADOBE + _TRANSFORM[layout.photometric])
    data = start + _inner(tables) + _inner(piece)
    try:
        header = jpegs.probe(data)
        _require_size(header, rows, layout)
        if header.inks != four:
            raise damaged(
                "TIFF",
                "the JPEG in a strip or tile does not have the number of samples in its field",
            )
        if four and not header.by_turbo:
            raise unsupported("TIFF", "JPEG with four samples and unusual sampling factors")
        pixels = jpegs.decode(data, header, 8, luma=False, four=four)
    except CorruptSource as error:
        raise damaged("TIFF", f"a strip or tile: {error}") from None
    return pixels[:, :, :1].copy() if alone else pixels


def webp(piece: memoryview, rows: int, layout: TiffLayout) -> Array:
    """Decode a strip or tile that is a WebP to RGB. Raises the errors of `jpeg`."""
    if layout.photometric != RGB or layout.planes > 1:
        raise unsupported("TIFF", f"WebP compression of {layout.name}")
    data = bytes(piece)
    try:
        header = webps.probe(data)
        _require_size(header, rows, layout)
        return webps.decode(data)
    except CorruptSource as error:
        raise damaged("TIFF", f"a strip or tile: {error}") from None


def _require_size(header: ImageHeader, rows: int, layout: TiffLayout) -> None:
    height, width = header.stored
    if width != layout.across or not rows <= height <= max(rows, layout.rows):
        raise damaged("TIFF", f"the file in a strip or tile has {width} x {height} pixels")


def _inner(data: bytes | memoryview) -> bytes:
    """Return a JPEG without its first marker and APP segments, and without the end marker of tables."""
    if not data:
        return b""
    if bytes(data[:2]) != b"\xff\xd8":
        raise damaged("TIFF", "a strip or tile is not a JPEG")
    kept, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if kind in (0xDA, 0xD9):  # pixels, or the end
            break
        if not 0xE0 <= kind <= 0xEF:
            kept.append(bytes(data[at : at + 2 + length]))
        at += 2 + length
    rest = bytes(data[at:])
    return b"".join((*kept, rest if rest[:2] != b"\xff\xd9" else b""))
