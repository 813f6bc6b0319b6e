"""JPEG by libjpeg-turbo, at a fraction of the size or luma alone where the planner asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import simplejpeg

from preprocessing.decode.header import Header
from preprocessing.decode.raster import pillow
from preprocessing.errors import CorruptSource
from preprocessing.kernels.scratch import scratch

if TYPE_CHECKING:
    from preprocessing.media import Array

# libjpeg's words for damage that costs no pixel; real cameras and the web are full of it. Whatever
# else it warns of, such as a premature end, means that pixels were made up.
_HARMLESS = ("extraneous bytes", "Unknown Adobe color transform", "Inconsistent progression")

_START_OF_SCAN = b"\xda"

_EXIF = b"Exif\0\0"
# Where segments cannot be walked, EXIF is searched for this far: it comes first, in practice.
_EXIF_WITHIN = 64 * 1024


def probe(data: bytes) -> Header:
    """Read the header: microseconds, unless the file has EXIF to be parsed."""
    try:
        height, width, colorspace, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    except (ValueError, KeyError) as error:  # KeyError where the header breaks off
        raise _corrupt(error) from None
    orientation = pillow.orientation(data, "jpeg") if _has_exif(data) else 1
    return Header("jpeg", (height, width), orientation, colorspace)


def decode(data: bytes, header: Header, eighths: int, *, luma: bool) -> Array:
    """Decode to (H, W, 3), or (H, W, 1) with `luma`, as stored, uint8, in scratch memory."""
    if not header.by_turbo:
        return pillow.decode(data, "jpeg")
    try:
        return _decode(data, header, eighths, luma=luma, strict=True)
    except ValueError as error:
        if not any(words in str(error) for words in _HARMLESS):
            raise _corrupt(error) from None
    try:
        return _decode(_tidy(data), header, eighths, luma=luma, strict=False)
    except ValueError as error:
        raise _corrupt(error) from None


def _has_exif(data: bytes) -> bool:
    """Walk the segments before the first scan; a search through them would take ten times as long."""
    at = 2
    while data[at : at + 1] == b"\xff":
        kind = data[at + 1 : at + 2]
        if kind == _START_OF_SCAN:
            return False
        if data.startswith(_EXIF, at + 4):
            return True
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return data.find(_EXIF, 0, _EXIF_WITHIN) >= 0


def _tidy(data: bytes) -> bytes:
    """Drop the bytes between the header's segments, which simplejpeg will not pass over."""
    kept, at = [data[:2]], 2
    while (at := data.find(b"\xff", at)) >= 0 and (kind := data[at + 1 : at + 2]) != _START_OF_SCAN:
        length = 2 + int.from_bytes(data[at + 2 : at + 4])
        if kind in (b"\x00", b"\xff"):  # no marker, or the first of several fill bytes
            length = 1
        else:
            kept.append(data[at : at + length])
        at += length
    return b"".join((*kept, data[at:] if at >= 0 else b""))


def _decode(data: bytes, header: Header, eighths: int, *, luma: bool, strict: bool) -> Array:
    height, width = (-(-side * eighths // 8) for side in header.stored)
    place = scratch("decoded", (height * width * (1 if luma else 3),), "uint8")
    image = simplejpeg.decode_jpeg(
        data,
        colorspace="GRAY" if luma else "RGB",
        min_height=height,
        min_width=width,
        min_factor=8 / eighths,
        strict=strict,
        buffer=place,
    )
    return cast("Array", image)


def _corrupt(error: ValueError | KeyError) -> CorruptSource:
    what = "no whole header" if isinstance(error, KeyError) else error
    return CorruptSource(f"the JPEG is truncated or damaged ({what}); upload it again")
