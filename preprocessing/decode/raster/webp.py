"""WebP: our own walk of the chunks; libwebp, by way of Pillow, decodes the first picture.

Chunks that bear on no colour, alpha and later frames among them, may be damaged or missing. The format:
RFC 9649, "WebP Image Format"; the frame headers of VP8: RFC 6386, 9.1.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.header import Header
from preprocessing.decode.raster import pillow
from preprocessing.decode.raster.faults import cut, damaged
from preprocessing.decode.raster.orientation import orientation
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.media import Array

_EXIF_FLAG, _XMP_FLAG, _ANIMATED = 0x08, 0x04, 0x02
_FRAME = 16  # bytes before the chunks of an animation's frame
# Two canvases of 4 bytes a pixel, libwebp's own picture, Pillow's copy and image, and the RGB.
_HELD = 28


@frozen
class _Webp:
    """The first picture, and where it lies on the canvas."""

    canvas: tuple[int, int]
    left: int
    top: int
    size: tuple[int, int]
    kind: bytes
    picture: memoryview
    info: dict[str, str | bytes]


def probe(data: bytes) -> Header:
    """Read the header. No pixel is decoded.

    Raises
    ------
    CorruptSource
    """
    webp = _read(data)
    width, height = webp.canvas
    held = _HELD * width * height + 2 * len(data)
    return Header("webp", (height, width), orientation(webp.info), "RGB", held)


def decode(data: bytes) -> Array:
    """Decode to (H, W, 3), as stored, uint8. Raises what `probe` does."""
    webp = _read(data)
    chunk = webp.kind + struct.pack("<I", len(webp.picture)) + webp.picture
    chunk += bytes(len(chunk) % 2)
    alone = b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
    pixels = pillow.decode(alone, "webp")
    if pixels.shape[:2] != webp.size[::-1]:
        raise damaged("WEBP", "its picture is of another size than its header")
    if webp.size == webp.canvas:
        return pixels
    canvas = np.zeros((webp.canvas[1], webp.canvas[0], 3), np.uint8)
    canvas[webp.top : webp.top + webp.size[1], webp.left : webp.left + webp.size[0]] = pixels
    return canvas


def _read(data: bytes) -> _Webp:
    (length,) = struct.unpack_from("<I", data.ljust(12, b"\0"), 4)
    end = 8 + length
    view = memoryview(data)[: min(end, len(data))]
    if len(view) < 20:
        raise cut("WEBP", "it ends within its header")
    if data[12:16] != b"VP8X":
        for kind, body in _chunks(view, 12):
            if kind in (b"VP8 ", b"VP8L"):
                size = _size(kind, body)
                return _Webp(size, 0, 0, size, kind, body, {})
        raise _missing(cut_off=end > len(data))
    return _extended(view, cut_off=end > len(data))


def _extended(view: memoryview, *, cut_off: bool) -> _Webp:
    chunks = _chunks(view, 12)
    flags, canvas = 0, (0, 0)
    picture: _Webp | None = None
    info: dict[str, str | bytes] = {}
    for kind, body in chunks:
        if kind == b"VP8X":
            if len(body) < 10:
                raise damaged("WEBP", "its header, VP8X, is too short")
            flags = body[0]
            canvas = (1 + _number(body, 4), 1 + _number(body, 7))
        elif picture is None and kind == b"ANMF" and flags & _ANIMATED:
            picture = _frame(body, canvas)
        elif picture is None and kind in (b"VP8 ", b"VP8L") and not flags & _ANIMATED:
            picture = _Webp(canvas, 0, 0, _size(kind, body), kind, body, {})
            if picture.size != canvas:
                raise damaged("WEBP", "its picture is of another size than its canvas")
        # libwebp knows of metadata that the flags announce, and of the first of each.
        elif kind == b"EXIF" and flags & _EXIF_FLAG:
            info.setdefault("exif", bytes(body))
        elif kind == b"XMP " and flags & _XMP_FLAG:
            info.setdefault("xmp", bytes(body))
    if picture is None:
        raise _missing(cut_off=cut_off)
    wanted = bool(flags & _EXIF_FLAG) + bool(flags & _XMP_FLAG)
    if cut_off and "exif" not in info and len(info) < wanted:
        raise cut("WEBP", "the metadata that may tell its orientation is missing")
    return replace(picture, info=info)


def _missing(*, cut_off: bool) -> Exception:
    what = "there is no whole picture in it"
    return cut("WEBP", what) if cut_off else damaged("WEBP", what)


def _frame(body: memoryview, canvas: tuple[int, int]) -> _Webp:
    """Return the picture of an animation's frame."""
    if len(body) < _FRAME:
        raise damaged("WEBP", "its first frame has no header")
    left, top = 2 * _number(body, 0), 2 * _number(body, 3)
    wanted = (1 + _number(body, 6), 1 + _number(body, 9))
    for kind, inner in _chunks(body, _FRAME):
        if kind in (b"VP8 ", b"VP8L"):
            size = _size(kind, inner)
            if size != wanted or left + size[0] > canvas[0] or top + size[1] > canvas[1]:
                raise damaged("WEBP", "its first frame does not fit the canvas")
            return _Webp(canvas, left, top, size, kind, inner, {})
    raise damaged("WEBP", "its first frame holds no picture")


def _chunks(view: memoryview, at: int) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the type and body of each chunk that is there in full."""
    while at + 8 <= len(view):
        checkpoint()
        kind, length = struct.unpack_from("<4sI", view, at)
        if at + 8 + length > len(view):
            return
        yield kind, view[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _number(body: memoryview, at: int) -> int:
    return int.from_bytes(body[at : at + 3], "little")


def _size(kind: bytes, body: memoryview) -> tuple[int, int]:
    """Return width and height of a picture, from the header of its own frame."""
    if kind == b"VP8L":
        if len(body) < 5 or body[0] != 0x2F or body[4] >> 5:
            raise damaged("WEBP", "its picture, VP8L, has no header")
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if len(body) < 10 or body[0] & 1 or bytes(body[3:6]) != b"\x9d\x01\x2a":
        raise damaged("WEBP", "its picture, VP8, has no header")
    if _number(body, 0) >> 5 > len(body) - 10:
        raise damaged("WEBP", "its picture, VP8, is shorter than its header says")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF
