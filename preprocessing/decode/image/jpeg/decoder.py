"""JPEG decoder: libjpeg-turbo, at reduced size or only the luma if the planner asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import simplejpeg

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image import pillow
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.jpeg import segments as jpeg_segments
from preprocessing.decode.image.jpeg.clean import Cleaned
from preprocessing.decode.image.jpeg.orientation import jpeg_orientation
from preprocessing.decode.image.jpeg.scans import require_scans
from preprocessing.decode.image.jpeg.segments import blocks
from preprocessing.decode.image.jpeg.walk import require_all_blocks
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from preprocessing.media import Array

# How often padding after a scan is removed and the file decoded again. A large picture with several
# scans may take seconds to decode, so it is cleaned beforehand and decoded once.
_ATTEMPTS = 4
_LARGE = 10**6


def probe(data: bytes) -> ImageHeader:
    """Read the header, which takes microseconds unless there is EXIF, or several scans.

    Raises
    ------
    CorruptSource, UnsupportedSource, LimitExceeded
    """
    frame = jpeg_segments.read_frame(data)
    if frame.several:
        require_scans(frame, data)
    turn = jpeg_orientation(frame.exif, frame.xmp)
    return ImageHeader("jpeg", frame.stored, turn, frame.colorspace, frame.sampling, frame.several)


def decode(
    data: bytes, header: ImageHeader, eighths: int, *, luma: bool, four: bool = False
) -> Array:
    """Decode to uint8, (H, W, 3), before orientation, in scratch memory.

    Parameters
    ----------
    data : bytes
    header : ImageHeader
    eighths : {1, 2, 4, 8}
        Decode at this many eighths of the size.
    luma : bool
        Decode to the luma only, (H, W, 1).
    four : bool
        Decode a JPEG of four components to these, (H, W, 4), as they are in the file.

    Raises
    ------
    CorruptSource
        If libjpeg warns about anything that may affect a pixel.
    """
    if not header.by_turbo:
        cleaned = Cleaned(data)
        try:
            require_all_blocks(cleaned)
        except ValueError as error:
            raise cleaned.refusal(error) from None
        return pillow.decode(bytes(cleaned), "Jpeg")
    once = header.several and header.height * header.width > _LARGE
    if not once:
        try:
            return _strictly(data, header, eighths, luma=luma, four=four)
        except ValueError:  # may be about bytes that no pixel needs
            checkpoint()
    cleaned = Cleaned(data)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _strictly(bytes(cleaned), header, eighths, luma=luma, four=four)
        except ValueError as error:
            checkpoint()
            if once or attempt == _ATTEMPTS or not cleaned.drop_padding(str(error)):
                raise cleaned.refusal(error) from None
    raise AssertionError


def holds(header: ImageHeader, eighths: int, *, luma: bool) -> int:
    """Return the most bytes that decoding holds at once, without the object and copies of it.

    As measured, Pillow takes 14 bytes per pixel to convert CMYK to RGB, and fewer than 12 to decode what
    TurboJPEG does not. libjpeg keeps a few rows, and with several scans all coefficients, 2 bytes each.
    """
    height, width = header.stored
    pixels = -(-height * eighths // 8) * -(-width * eighths // 8)
    rows = 64 * 3 * (width + 64)
    coefficients = 0
    if header.several:
        # Blocks are held in whole MCUs.
        padded = height + 32, width + 32
        every = range(len(header.sampling))
        coefficients = 128 * sum(blocks(padded, header.sampling, i) for i in every)
    if header.inks:
        return rows + max(4 * pixels + coefficients, 19 * pixels)
    if not header.by_turbo:
        return rows + coefficients + 12 * pixels
    return rows + coefficients + pixels * (1 if luma else 3)


def _strictly(data: bytes, header: ImageHeader, eighths: int, *, luma: bool, four: bool) -> Array:
    """Decode, and raise ValueError for any warning of libjpeg."""
    height, width = (-(-side * eighths // 8) for side in header.stored)
    channels = 4 if header.inks else 1 if luma else 3
    place = scratch("decoded", (height * width * channels,), "uint8")
    try:
        image = simplejpeg.decode_jpeg(
            data,
            colorspace="CMYK" if header.inks else "GRAY" if luma else "RGB",
            min_height=height,
            min_width=width,
            min_factor=8 / eighths,
            strict=True,
            buffer=place,
        )
    except ValueError as error:
        if "memory" in str(error).lower():
            raise MemoryError(str(error)) from None
        raise
    return _rgb_of_inks(image) if header.inks and not four else cast("Array", image)


def _rgb_of_inks(image: Array) -> Array:
    """Convert CMYK, inverted as Adobe stores it, to RGB by Pillow's own arithmetic."""
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415  Pillow takes 20 ms to import

    height, width = image.shape[:2]
    inks = Image.frombuffer("CMYK", (width, height), image, "raw", "CMYK;I", 0, 1)
    return np.asarray(inks.convert("RGB"))
