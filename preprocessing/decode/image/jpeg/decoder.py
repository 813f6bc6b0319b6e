"""JPEG by libjpeg-turbo, at a fraction of the size or luma alone where the planner asks for it."""

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

# How often padding behind a scan is dropped and the decoder asked again. A large picture in several
# scans may take seconds to decode: it is cleaned first and asked once.
_ATTEMPTS = 4
_LARGE = 10**6


def probe(data: bytes) -> ImageHeader:
    """Read the header: microseconds, unless there is EXIF to parse or there are several scans."""
    frame = jpeg_segments.read_frame(data)
    if frame.several:
        require_scans(frame, data)
    turn = jpeg_orientation(frame.exif, frame.xmp)
    return ImageHeader("jpeg", frame.stored, turn, frame.colorspace, frame.sampling, frame.several)


def decode(
    data: bytes, header: ImageHeader, eighths: int, *, luma: bool, four: bool = False
) -> Array:
    """Decode to (H, W, 3), or (H, W, 1) with `luma`, as stored, uint8, in scratch memory.

    With `four`, to the four samples of a JPEG that TurboJPEG decodes, as they are in the file.

    Raises
    ------
    CorruptSource
        Where libjpeg warns of anything that may cost a pixel.
    """
    if not header.by_turbo:
        cleaned = Cleaned(data)
        try:
            require_all_blocks(cleaned)
        except ValueError as error:
            raise cleaned.refusal(error) from None
        return pillow.decode(bytes(cleaned), "jpeg")
    once = header.several and header.height * header.width > _LARGE
    if not once:
        try:
            return _strictly(data, header, eighths, luma=luma, four=four)
        except ValueError:  # perhaps about bytes that cost no pixel
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
    """Most bytes that decoding holds at once, but for the object and copies of it.

    Measured: Pillow takes 14 bytes a pixel to make RGB of inks, and less than 12 for what TurboJPEG does
    not decode; libjpeg keeps a few rows, and of several scans all coefficients, of 2 bytes.
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
    """Decode; ValueError where libjpeg warns of anything."""
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
    """Make RGB of CMYK, stored inverted as Adobe does, by Pillow's own arithmetic."""
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415  Pillow takes 20 ms to import

    height, width = image.shape[:2]
    inks = Image.frombuffer("CMYK", (width, height), image, "raw", "CMYK;I", 0, 1)
    return np.asarray(inks.convert("RGB"))
