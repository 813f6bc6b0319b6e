"""WebP decoder: the chunks are parsed here; libwebp, through Pillow, decodes the first picture.

Neither VP8 nor VP8L has checksums, so damaged pixels cannot be detected; only sizes are checked against
the file. Damage that does not affect the colours, as in alpha and later frames, is ignored. References:
RFC 9649, "WebP Image Format"; RFC 6386, 9.1, for the frame headers of VP8.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image import pillow
from preprocessing.decode.image.faults import cut, damaged
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.orientation import orientation_in
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.media import Array

_EXIF_FLAG, _XMP_FLAG, _ANIMATED = 0x08, 0x04, 0x02
_FRAME = 16  # bytes before the chunks of an animation's frame
# Bytes per pixel: two canvases of 4 bytes, libwebp's own picture, Pillow's copy and image, and the RGB.
_HELD = 24


@frozen
class _Webp:
    """The first picture, and its position on the canvas."""

    canvas: tuple[int, int]
    left: int
    top: int
    size: tuple[int, int]
    chunk: memoryview
    info: dict[str, str | bytes]


def probe(data: bytes) -> ImageHeader:
    """Read the header, without decoding pixels.

    Raises
    ------
    CorruptSource
    """
    webp = _read(data)
    width, height = webp.canvas
    held = _HELD * width * height + 2 * len(data)
    return ImageHeader("webp", (height, width), orientation_in(webp.info), "RGB", held=held)


def decode(data: bytes) -> Array:
    """Decode to uint8, (H, W, 3), before orientation. Raises the errors of `probe`."""
    webp = _read(data)
    # libwebp reads the padding byte after an odd length as if it were part of the picture.
    chunk = bytes(webp.chunk) + bytes(len(webp.chunk) % 2)
    alone = b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
    pixels = pillow.decode(alone, "WebP")
    if pixels.shape[:2] != webp.size[::-1]:
        raise damaged("WEBP", "the size of its picture differs from its header")
    if webp.size == webp.canvas:
        return pixels
    canvas = np.zeros((webp.canvas[1], webp.canvas[0], 3), np.uint8)
    canvas[webp.top : webp.top + webp.size[1], webp.left : webp.left + webp.size[0]] = pixels
    return canvas


def _read(data: bytes) -> _Webp:
    (length,) = struct.unpack_from("<I", data.ljust(12, b"\0"), 4)
    end = 8 + length
    if len(data) < max(end, 20):
        raise cut("WEBP", f"it has {len(data)} of {max(end, 20)} bytes")
    if data[12:16] not in (b"VP8 ", b"VP8L", b"VP8X"):
        raise damaged("WEBP", "its first chunk is not VP8, VP8L or VP8X")
    flags, canvas, picture = 0, (0, 0), None
    info, looped = dict[str, str | bytes](), False
    for kind, body, whole in _chunks(memoryview(data)[:end], 12):
        if kind == b"VP8X" and len(body) >= 10:
            flags = body[0]
            canvas = (1 + _number(body, 4), 1 + _number(body, 7))
        elif kind == b"ANIM" and len(body) >= 6:
            looped = True
        elif kind == b"ANMF" and flags & _ANIMATED:
            if not looped:
                raise damaged("WEBP", "its animation has no header (ANIM)")
            picture = picture or _frame(body, canvas)
            list(_chunks(body, _FRAME))  # raises if the sizes in a later frame are wrong
        elif picture is None and kind in (b"VP8 ", b"VP8L") and not flags & _ANIMATED:
            size = _size(kind, body)
            if size != (canvas if any(canvas) else size):
                raise damaged("WEBP", "the size of its picture differs from its canvas")
            picture = _Webp(size, 0, 0, size, whole, {})
        # Like libwebp, use metadata only if the flags announce it, and only the first of each.
        elif kind == b"EXIF" and flags & _EXIF_FLAG:
            info.setdefault("exif", _exif(bytes(body)))
        elif kind == b"XMP " and flags & _XMP_FLAG:
            info.setdefault("xmp", bytes(body))
    if picture is None:
        raise damaged("WEBP", "it does not have a picture")
    return replace(picture, info=info)


def _exif(body: bytes) -> bytes:
    """Return the EXIF, and raise if it cannot be read, because the chunk's length may be wrong."""
    if body and body.removeprefix(b"Exif\0\0")[:4] not in (b"II*\0", b"MM\0*"):
        raise damaged("WEBP", "its EXIF, which may hold its orientation, cannot be read")
    return body


def _frame(body: memoryview, canvas: tuple[int, int]) -> _Webp:
    """Return the picture in the first frame of an animation."""
    if len(body) < _FRAME:
        raise damaged("WEBP", "its first frame has no header")
    left, top = 2 * _number(body, 0), 2 * _number(body, 3)
    wanted = (1 + _number(body, 6), 1 + _number(body, 9))
    for kind, inner, whole in _chunks(body, _FRAME):
        if kind in (b"VP8 ", b"VP8L"):
            size = _size(kind, inner)
            if size != wanted or left + size[0] > canvas[0] or top + size[1] > canvas[1]:
                raise damaged("WEBP", "its first frame does not fit the canvas")
            return _Webp(canvas, left, top, size, whole, {})
    raise damaged("WEBP", "its first frame does not have a picture")


def _chunks(view: memoryview, at: int) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Yield the type, the body, and the whole of each chunk."""
    while at < len(view):
        checkpoint()
        if at + 8 > len(view):
            raise damaged("WEBP", f"no chunk begins at byte {at}")
        kind, length = struct.unpack_from("<4sI", view, at)
        if at + 8 + length > len(view):
            raise damaged(
                "WEBP", f"the chunk at byte {at} is longer than the file or frame around it"
            )
        end = at + 8 + length
        yield kind, view[at + 8 : end], view[at : end + length % 2]
        at = end + length % 2


def _number(body: memoryview, at: int) -> int:
    return int.from_bytes(body[at : at + 3], "little")


def _size(kind: bytes, body: memoryview) -> tuple[int, int]:
    """Return the width and height of a picture, from its frame header."""
    if kind == b"VP8L":
        if len(body) < 5 or body[0] != 0x2F or body[4] >> 5:
            raise damaged("WEBP", "its picture (VP8L) does not have a valid header")
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    # It must be a key frame, of a defined profile, that is shown.
    if len(body) < 10 or body[0] & 0x19 != 0x10 or bytes(body[3:6]) != b"\x9d\x01\x2a":
        raise damaged("WEBP", "its picture (VP8) does not have a valid header")
    if _number(body, 0) >> 5 >= len(body):
        raise damaged("WEBP", "its picture (VP8) is shorter than its header says")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF
