"""BMP decoder: headers and rows are read here.

The format has no checksums, so damaged pixels cannot be detected; only sizes are checked against the
file. References: Microsoft, "Bitmap Storage" and the structures that it names; IBM, OS/2's
BITMAPINFOHEADER2, whose own compressions are not decoded.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode.image.bmp_rle import decode_runs
from preprocessing.decode.image.faults import cut, damaged, unsupported
from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.palette import looked_up, require_in_palette
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import Array

_CORE, _OS2_SHORT, _OS2 = 12, 16, 64
_SIZES = (_CORE, 40, 52, 56, _OS2, 108, 124)
_RAW, _RLE8, _RLE4, _MASKS, _ALPHA_MASKS = 0, 1, 2, 3, 6
_NAMES = {4: "JPEG inside", 5: "PNG inside", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
_DEFAULT_MASKS = {
    16: (0x7C00, 0x3E0, 0x1F),
    24: (0xFF0000, 0xFF00, 0xFF),
    32: (0xFF0000, 0xFF00, 0xFF),
}
_HELD = 14  # bytes per pixel: rows, Pillow's RGB, and two of NumPy's copies of it
_PALETTE = 8  # most bits per pixel at which pixels are palette indices


@frozen
class _Bmp:
    width: int
    height: int
    top_down: bool
    bits: int
    compression: int
    masks: tuple[int, int, int]
    palette: bytes
    entry: int
    at: int

    @property
    def stride(self) -> int:
        """Bytes per row, a multiple of four."""
        return (self.width * self.bits + 31) // 32 * 4

    @property
    def colours(self) -> Array:
        """The palette, (colours, 3), stored as blue, green and red."""
        count = len(self.palette) // self.entry
        table = np.frombuffer(self.palette, np.uint8, count * self.entry)
        return table.reshape(count, self.entry)[:, 2::-1]


def probe(data: bytes) -> ImageHeader:
    """Read the header, without decoding pixels.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    bmp = _read(data)
    mode = "P" if bmp.bits <= _PALETTE else "RGB"
    held = _HELD * bmp.height * bmp.width + len(data)
    return ImageHeader("bmp", (bmp.height, bmp.width), 1, mode, held=held)


def decode(data: bytes) -> Array:
    """Decode to uint8, (H, W, 3). Raises the errors of `probe`."""
    bmp = _read(data)
    if bmp.bits <= _PALETTE:
        pixels = looked_up("BMP", bmp.colours, _indices(data, bmp))
    else:
        pixels = _coloured(_rows(data, bmp), bmp, data)
    return pixels if bmp.top_down else pixels[::-1]


def index_bits(data: bytes) -> int:
    """Return the bits of a class id; 0 for colours. Raises the errors of `probe`."""
    bits = _read(data).bits
    return bits if bits <= _PALETTE else 0


def decode_index(data: bytes) -> Array:
    """Decode palette indices: uint8, (H, W). Raises the errors of `probe`."""
    bmp = _read(data)
    ids = _indices(data, bmp)
    require_in_palette("BMP", len(bmp.colours), ids)
    return ids if bmp.top_down else ids[::-1]


def _read(data: bytes) -> _Bmp:
    if len(data) < 18 + 8:
        raise cut("BMP", "it ends within its header")
    at, size = struct.unpack_from("<II", data, 10)
    if size == _OS2_SHORT:
        raise unsupported("BMP", f"an OS/2 header of {size} bytes")
    if size not in _SIZES:
        raise damaged("BMP", f"its header claims {size} bytes, which is not a size of the format")
    if len(data) < 14 + size:
        raise cut("BMP", "it ends within its header")
    compression, colours, masks = _RAW, 0, (0, 0, 0)
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<4H", data, 18)
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        (colours,) = struct.unpack_from("<I", data, 46)
    _require_known(size, compression, bits)
    if colours > 2**16:
        raise damaged("BMP", f"its header claims a palette of {colours} colours")
    if width < 1 or not height:
        raise damaged("BMP", f"its header claims {width} x {height} pixels")
    end = 14 + size
    if compression in (_MASKS, _ALPHA_MASKS):
        # They follow a header of 40 bytes, and are at the same offset in a longer one.
        masks = struct.unpack_from("<3I", data.ljust(66, b"\0"), 54)
        end += (12 if compression == _MASKS else 16) * (size == 40)
    entry = 3 if size == _CORE else 4
    count = min(colours or 1 << bits, 1 << bits) if bits <= _PALETTE else 0
    if not at or (count and at == 14 + size):  # some writers do not count the palette
        at = end + entry * count
    if at < end or (size == _OS2 and at < end + entry * count):
        raise damaged("BMP", "its pixels begin within its header")
    palette = data[end : min(end + entry * count, at)]
    return _Bmp(width, abs(height), height < 0, bits, compression, masks, palette, entry, at)


def _require_known(size: int, compression: int, bits: int) -> None:
    if size == _OS2 and compression > _RLE4:
        raise unsupported("BMP", f"an OS/2 compression ({compression})")
    if compression in _NAMES:
        raise unsupported("BMP", _NAMES[compression])
    if bits not in (1, 4, 8, 16, 24, 32):
        raise unsupported("BMP", f"{bits} bits per pixel")
    fits = {_RAW: True, _RLE8: bits == 8, _RLE4: bits == 4}
    if not fits.get(compression, compression in (_MASKS, _ALPHA_MASKS) and bits > _PALETTE):
        raise damaged(
            "BMP", f"its header claims compression {compression} at {bits} bits per pixel"
        )


def _rows(data: bytes, bmp: _Bmp) -> Array:
    """Return the rows as bytes. The last row may lack its padding in the file."""
    used = (bmp.width * bmp.bits + 7) // 8
    wanted = bmp.stride * (bmp.height - 1) + used
    if len(data) - bmp.at < wanted:
        raise cut("BMP", f"it has {max(len(data) - bmp.at, 0)} of {wanted} bytes of pixels")
    flat = np.frombuffer(data, np.uint8, wanted, bmp.at)
    return np.lib.stride_tricks.as_strided(
        flat, (bmp.height, used), (bmp.stride, 1), writeable=False
    )


def _indices(data: bytes, bmp: _Bmp) -> Array:
    if bmp.compression in (_RLE8, _RLE4):
        shape = (bmp.height, bmp.width)
        return decode_runs(data, bmp.at, shape, nibbles=bmp.compression == _RLE4)
    rows = _rows(data, bmp)
    if bmp.bits == _PALETTE:
        return rows
    bits = np.unpackbits(rows, axis=1).reshape(len(rows), -1, bmp.bits)
    weights = np.arange(bmp.bits - 1, -1, -1, dtype=np.uint8)
    indices: Array = (bits << weights).sum(axis=2, dtype=np.uint8)
    return indices[:, : bmp.width]


def _coloured(rows: Array, bmp: _Bmp, data: bytes) -> Array:
    masks = bmp.masks if any(bmp.masks) else _DEFAULT_MASKS[bmp.bits]
    if masks == _DEFAULT_MASKS[32] and bmp.bits > 16:
        from PIL import Image  # noqa: PLC0415  heavy; faster than NumPy

        raw = ("raw", "BGR" if bmp.bits == 24 else "BGRX", bmp.stride, 1)
        pixels = memoryview(data)[bmp.at :]
        return np.asarray(Image.frombytes("RGB", (bmp.width, bmp.height), pixels, *raw))
    if bmp.bits == 24:
        raise unsupported("BMP", "unusual colour masks at 24 bits per pixel")
    values = np.ascontiguousarray(rows).view("<u2" if bmp.bits == 16 else "<u4")
    result = np.empty((bmp.height, bmp.width, 3), np.uint8)
    for channel, mask in enumerate(masks):
        shift = (mask & -mask).bit_length() - 1
        most = mask >> max(shift, 0)
        if not mask or most & (most + 1):
            raise damaged(
                "BMP", f"its header has the colour mask {mask:#x}, which is not contiguous"
            )
        sample = (values & mask) >> shift
        result[:, :, channel] = sample.astype(np.uint64) * 255 // most  # as Pillow rounds it
    return result
