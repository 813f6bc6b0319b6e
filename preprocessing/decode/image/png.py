"""PNG decoder: the chunks are parsed here; Pillow's decoder inflates and unfilters the pixels.

Of an animation (APNG) the picture in IDAT is decoded.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged, unsupported
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.orientation import orientation_in
from preprocessing.decode.image.palette import looked_up, require_in_palette
from preprocessing.decode.image.pillow import rgb_of_image
from preprocessing.decode.image.png_chunks import metadata, walk
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from PIL.Image import Image

    from preprocessing.media import Array, DType

# By bits per sample and colour type: Pillow's modes in memory and in the file, and samples per pixel.
_MODES: dict[tuple[int, int], tuple[str, str, int]] = {
    (1, 0): ("1", "1", 1),
    (2, 0): ("L", "L;2", 1),
    (4, 0): ("L", "L;4", 1),
    (8, 0): ("L", "L", 1),
    (16, 0): ("I;16", "I;16B", 1),
    (8, 2): ("RGB", "RGB", 3),
    (16, 2): ("RGB", "RGB;16B", 3),
    (1, 3): ("P", "P;1", 1),
    (2, 3): ("P", "P;2", 1),
    (4, 3): ("P", "P;4", 1),
    (8, 3): ("P", "P", 1),
    (8, 4): ("LA", "LA", 2),
    (16, 4): ("RGBA", "LA;16B", 2),
    (8, 6): ("RGBA", "RGBA", 4),
    (16, 6): ("RGBA", "RGBA;16B", 4),
}
_GRAY, _PALETTE, _GRAY_ALPHA = 0, 3, 4
# Adam7: first column and row of each pass, and the steps from one to the next.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_SENTINEL = 0xA5  # few rows of real pictures have only this value
_PIECE = 2**20
# Bytes per pixel: Pillow's image, its conversion to RGB, and two of NumPy's copies of that.
_HELD = 16
# For 16 bits two of Pillow's images, NumPy's copies of both, and the result.
_HELD_DEEP = 40


@frozen
class _Png:
    size: tuple[int, int]
    depth: int
    colour: int
    interlaced: bool
    palette: bytes
    pixels: tuple[memoryview, ...]
    info: dict[str, str | bytes]

    @property
    def modes(self) -> tuple[str, str, int]:
        return _MODES[self.depth, self.colour]

    def inflated(self) -> int:
        """Return the number of bytes that the pixels inflate to, with a filter byte before each row."""
        width, height = self.size
        bits = self.depth * self.modes[2]
        passes = _PASSES if self.interlaced else ((0, 0, 1, 1),)
        total = 0
        for left, top, across, down in passes:
            columns, rows = -(-(width - left) // across), -(-(height - top) // down)
            if columns > 0 and rows > 0:
                total += rows * (1 + -(-columns * bits // 8))
        return total


def probe(data: bytes, deep: DType = "uint8") -> ImageHeader:
    """Read the header, without decoding pixels. `deep` is the type for which it will be decoded.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    png = _read(data, pixels=False)
    width, height = png.size
    mode = png.modes[0]
    held = (_HELD if deep == "uint8" else _HELD_DEEP) * height * width + 2 * len(data)
    return ImageHeader("png", (height, width), orientation_in(png.info), mode, held=held)


def decode(data: bytes, deep: DType = "uint8") -> Array:
    """Decode to (H, W, 3), before orientation. Raises the errors of `probe`.

    The type is uint8, or uint16 for samples of 16 bits if `deep` is another.
    """
    png = _read_pixels(data)
    return _rgb(_image(png), png) if deep == "uint8" or png.depth < 16 else _deep(png)


def index_bits(data: bytes) -> int:
    """Return the bits of a class id; 0 if pixels have several samples. Raises the errors of `probe`."""
    png = _read(data, pixels=False)
    return png.depth if png.modes[2] == 1 else 0


def decode_index(data: bytes) -> Array:
    """Decode palette indices, or gray as stored: uint8 or uint16, (H, W). Raises as `decode`."""
    png = _read_pixels(data)
    # Pillow would stretch gray of fewer than 8 bits to the whole range, but not indices.
    image = _image(png if png.depth > 8 else replace(png, colour=_PALETTE))
    ids = np.asarray(image)[: png.size[1]]
    if png.colour == _PALETTE:
        require_in_palette("PNG", len(png.palette) // 3, ids)
    return ids


def _read_pixels(data: bytes) -> _Png:
    png = _read(data, pixels=True)
    if not png.pixels:
        raise damaged("PNG", "it does not have an IDAT chunk")
    return png


def _read(data: bytes, *, pixels: bool) -> _Png:
    """Parse the chunks. The CRC of the pixels is checked only if the pixels are wanted."""
    chunks = walk(data)
    first = next(chunks)
    if first.kind == b"CgBI":
        raise unsupported(
            "PNG", "Apple's own compression (CgBI)", "store the PNG from which it was made"
        )
    if first.kind != b"IHDR" or len(first.body) != 13:
        raise damaged("PNG", "it does not begin with a valid header (IHDR)")
    first.require_intact()
    width, height, depth, colour, packing, filters, interlace = struct.unpack(
        ">IIBBBBB", first.body
    )
    if (depth, colour) not in _MODES:
        raise damaged("PNG", f"its header claims colour type {colour} at {depth} bits")
    if packing or filters or interlace > 1:
        raise unsupported("PNG", f"compression {packing}, filter {filters}, interlace {interlace}")
    palette, parts, info = b"", [], dict[str, str | bytes]()
    for chunk in chunks:
        if chunk.kind == b"IDAT":
            if pixels:
                chunk.require_intact()
                parts.append(chunk.body)
        elif chunk.kind in (b"IHDR", b"PLTE", b"IEND"):
            chunk.require_intact()
            if chunk.kind == b"PLTE" and not palette:
                palette = bytes(chunk.body)
            elif chunk.kind != b"IEND":
                raise damaged("PNG", f"it has two {chunk.kind.decode()} chunks")
        else:
            info |= metadata(chunk)
    if colour == _PALETTE and (not palette or len(palette) % 3):
        raise damaged("PNG", f"its palette (PLTE) has {len(palette)} bytes")
    return _Png((width, height), depth, colour, bool(interlace), palette, tuple(parts), info)


def _deep(png: _Png) -> Array:
    """Return samples of 16 bits. Pillow keeps those of gray only; others are decoded byte by byte."""
    rows, (mode, raw, _) = slice(0, png.size[1]), png.modes
    if png.colour == _GRAY:
        return np.repeat(np.asarray(_image(png))[rows, :, None], 3, axis=2)
    if png.colour == _GRAY_ALPHA:  # the four bytes of a pixel
        pixels = np.asarray(_image(png, ("CMYK", "CMYK")))[rows]
        high, low = (np.repeat(pixels[:, :, i : i + 1], 3, axis=2) for i in (0, 1))
    else:
        # As if the file were little-endian, so that Pillow takes the other byte of each sample.
        modes = (mode, raw), (mode, raw.replace("16B", "16L"))
        high, low = (np.asarray(_image(png, each))[rows, :, :3] for each in modes)
    samples: Array = high.astype(np.uint16) << 8 | low
    return samples


def _image(png: _Png, modes: tuple[str, str] | None = None) -> Image:
    """Decode the pixels into an image with one extra row at the bottom.

    Pillow's decoder neither reads the checksum after the last row nor reports missing rows. Given one
    row more to fill than there are, it inflates up to the checksum, and rows that keep the sentinel
    value show how far it came. Where that is ambiguous, `_require_whole` inflates the pixels again.
    """
    from PIL import Image  # noqa: PLC0415  some formats do not need Pillow otherwise

    mode, raw = modes or png.modes[:2]
    (width, height), stream = png.size, b"".join(png.pixels)
    image = Image.new(mode, (width, height + 1), _filled(mode))
    try:
        image.frombytes(stream, "zip", raw, int(png.interlaced))
    except ValueError as error:
        if "not enough" not in str(error):  # that error is expected, because of the extra row
            return _image_before_more(png, stream, mode, raw)
    edge = image.crop((0, height - 1, width, height + 1)).tobytes()
    blank = Image.new(mode, (width, 1), _filled(mode)).tobytes()
    if png.interlaced or edge[: len(blank)] == blank or edge[len(blank) :] != blank:
        _require_whole(stream, png.inflated())
    if png.interlaced:  # the extra row changed which rows belong to which pass
        image = Image.new(mode, (width, height + 1))
        image.paste(Image.frombytes(mode, png.size, stream, "zip", raw, 1))
    return image


def _image_before_more(png: _Png, stream: bytes, mode: str, raw: str) -> Image:
    """Decode pixels followed by extra bytes, which some writers leave there from a buffer."""
    from PIL import Image  # noqa: PLC0415  loaded already

    _require_whole(stream, png.inflated())
    try:
        alone = Image.frombytes(mode, png.size, stream, "zip", raw, int(png.interlaced))
    except ValueError:
        raise damaged("PNG", "its compressed pixels cannot be decoded") from None
    image = Image.new(mode, (png.size[0], png.size[1] + 1))
    image.paste(alone)
    return image


def _filled(mode: str) -> int | tuple[int, ...]:
    return _SENTINEL if mode in ("1", "L", "P", "I;16") else (_SENTINEL,) * len(mode)


def _require_whole(stream: bytes, wanted: int) -> None:
    """Raise CorruptSource unless the stream inflates to `wanted` bytes with the right checksum."""
    inflate, got, left = zlib.decompressobj(), 0, stream
    try:
        while not inflate.eof and left and got <= wanted + _PIECE:
            checkpoint()
            got += len(inflate.decompress(left, _PIECE))
            left = inflate.unconsumed_tail
    except zlib.error as error:
        raise damaged("PNG", f"its compressed pixels cannot be inflated: {error}") from None
    if got > wanted and not inflate.eof:
        raise damaged("PNG", f"its pixels have far more than the {wanted} bytes of its size")
    if got < wanted:
        if inflate.eof:
            raise damaged("PNG", f"its pixels have {got} of {wanted} bytes")
        raise cut("PNG", f"its pixels end after {got} of {wanted} bytes")


def _rgb(image: Image, png: _Png) -> Array:
    rows = slice(0, png.size[1])
    if png.colour != _PALETTE:
        return rgb_of_image(image)[rows]
    indices = np.asarray(image)[rows]
    colours = np.frombuffer(png.palette, np.uint8).reshape(-1, 3)
    return looked_up("PNG", colours, indices)
