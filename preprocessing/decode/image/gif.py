"""GIF decoder: blocks are parsed here up to the first picture, whose pixels Pillow's decoder unpacks.

Damage after the last pixel of the first picture is ignored, because it changes none of the pixels.
Reference: CompuServe, Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.palette import looked_up, require_in_palette
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array

_EXTENSION, _PICTURE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9
_MOST_BLOCKS = 2**20  # take a tenth of a second, and can hold 256 MB of metadata
_HELD = 14  # bytes per pixel: indices, Pillow's RGB, and two of NumPy's copies of it
_GRAYS = bytes(value for value in range(256) for _ in range(3))


@frozen
class _Gif:
    """The first picture, and its position on the canvas."""

    canvas: tuple[int, int]
    left: int
    top: int
    size: tuple[int, int]
    interlaced: bool
    palette: bytes
    transparent: int | None
    bits: int
    at: int

    @property
    def colours(self) -> Array:
        """The palette, (colours, 3)."""
        return np.frombuffer(self.palette, np.uint8).reshape(-1, 3)

    @property
    def background(self) -> int:
        """Index of the canvas around the picture."""
        transparent = self.transparent or 0
        return transparent if transparent < len(self.palette) // 3 else 0


def probe(data: bytes) -> ImageHeader:
    """Read the header, without decoding pixels.

    Raises
    ------
    CorruptSource
    """
    gif = _read(data)
    width, height = gif.canvas
    return ImageHeader("gif", (height, width), 1, "P", held=_HELD * height * width + 2 * len(data))


def decode(data: bytes) -> Array:
    """Decode to uint8, (H, W, 3). Raises the errors of `probe`."""
    gif = _read(data)
    pixels = looked_up("GIF", gif.colours, _indices(data, gif))
    return _on_canvas(pixels, gif, gif.colours[gif.background])


def index_bits(_: bytes) -> int:
    """Return the bits of a class id: a GIF has palette indices of up to 8 bits."""
    return 8


def decode_index(data: bytes) -> Array:
    """Decode palette indices: uint8, (H, W). Raises the errors of `probe`."""
    gif = _read(data)
    ids = _indices(data, gif)
    require_in_palette("GIF", len(gif.colours), ids)
    return _on_canvas(ids, gif, gif.background)


def _on_canvas(pixels: Array, gif: _Gif, background: Array | int) -> Array:
    if gif.canvas == gif.size:
        return pixels
    canvas = np.empty((gif.canvas[1], gif.canvas[0], *pixels.shape[2:]), np.uint8)
    canvas[:] = background
    canvas[gif.top : gif.top + gif.size[1], gif.left : gif.left + gif.size[0]] = pixels
    return canvas


def _indices(data: bytes, gif: _Gif) -> Array:
    from PIL import Image  # noqa: PLC0415  heavy

    packed, whole = _blocks(data, gif.at)
    try:
        picture = Image.frombytes("L", gif.size, packed, "gif", gif.bits, int(gif.interlaced), -1)
    except ValueError as error:
        if "not enough" not in str(error):
            raise damaged("GIF", "its compressed pixels cannot be decoded") from None
        what = "its pixels end before the last row"
        raise (damaged if whole else cut)("GIF", what) from None
    return np.asarray(picture)


def _read(data: bytes) -> _Gif:
    """Parse the blocks up to the first picture."""
    try:
        return _walked(data)
    except IndexError:
        raise cut("GIF", "it ends before its first picture") from None


def _walked(data: bytes) -> _Gif:
    width, height = _pair(data, 6)
    palette, at = _palette(data, 10, 13)
    transparent, blocks = None, 0
    while (kind := data[at]) != _PICTURE:
        checkpoint()
        if kind == _TRAILER:
            raise damaged("GIF", "it does not have a picture")
        if kind != _EXTENSION and kind:  # some writers leave an extra zero between blocks
            raise damaged("GIF", f"no block begins at byte {at}")
        if kind == _EXTENSION:
            if data[at + 1] == _GRAPHIC_CONTROL and data[at + 2] == 4:
                transparent = data[at + 6] if data[at + 3] & 1 else None
            at += 1
            while data[at + 1]:
                at += 1 + data[at + 1]
                blocks += 1
                _require_few(blocks)
            at += 1
        at += 1
        blocks += 1
        _require_few(blocks)
    left, top = _pair(data, at + 1)
    size = _pair(data, at + 5)
    flags = data[at + 9]
    local, at = _palette(data, at + 9, at + 10)
    bits = data[at]
    if not 1 <= bits <= 11:
        raise damaged("GIF", f"its first picture claims codes of {bits} bits")
    canvas = (max(width, left + size[0]), max(height, top + size[1]))
    if 0 in size:
        raise damaged("GIF", "its first picture has no pixels")
    colours = local or palette or _GRAYS
    return _Gif(canvas, left, top, size, bool(flags & 64), colours, transparent, bits, at + 1)


def _require_few(blocks: int) -> None:
    if blocks > _MOST_BLOCKS:
        raise damaged("GIF", f"more than {_MOST_BLOCKS} blocks before its first picture")


def _pair(data: bytes, at: int) -> tuple[int, int]:
    return data[at] + 256 * data[at + 1], data[at + 2] + 256 * data[at + 3]


def _palette(data: bytes, flags: int, at: int) -> tuple[bytes, int]:
    """Return the palette at `at`, if the byte at `flags` says that there is one, and where it ends."""
    if not data[flags] & 128:
        return b"", at
    end = at + (6 << (data[flags] & 7))
    data[end]  # raises IndexError unless the palette is complete
    return data[at:end], end


def _blocks(data: bytes, at: int) -> tuple[bytes, bool]:
    """Return the blocks of compressed pixels from `at` on, and whether they have an end marker."""
    start = at
    while at < len(data) and data[at]:
        checkpoint()
        at += 1 + data[at]
    return data[start : at + 1], at < len(data)
