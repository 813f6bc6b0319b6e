"""Decompression of a TIFF's strips and tiles to samples."""

from __future__ import annotations

import lzma
import zlib
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged
from preprocessing.decode.image.tiff import layout as kinds
from preprocessing.decode.image.tiff.embedded import jpeg, webp
from preprocessing.decode.image.tiff.fax import fax
from preprocessing.decode.image.tiff.libtiff import by_libtiff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from preprocessing.decode.image.tiff.fields import Directory
    from preprocessing.decode.image.tiff.layout import TiffLayout
    from preprocessing.media import Array

_JPEG_TABLES = 347
_LZMA_MEMORY = 128 * 2**20
# Each byte with its bits reversed, for FillOrder 2.
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def unpack_segments(
    packed: Iterator[memoryview], layout: TiffLayout, fields: Directory
) -> Iterator[Array]:
    """Yield the samples of each strip or tile: (rows, columns, samples), in the range of their bits.

    Parameters
    ----------
    packed : iterator of memoryview
        One for each of `layout.places()`.
    layout : TiffLayout
    fields : Directory
        For the tables of JPEG compression.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    if layout.reversed_bits:
        packed = (memoryview(bytes(piece).translate(_REVERSED)) for piece in packed)
    rows = [rows for *_, rows in layout.places()]
    if layout.compression == kinds.JPEG:
        tables = fields.text(_JPEG_TABLES)
        for piece, count in zip(packed, rows, strict=False):
            checkpoint()
            yield jpeg(piece, tables, count, layout)
    elif layout.compression == kinds.WEBP:
        for piece, count in zip(packed, rows, strict=False):
            checkpoint()
            yield webp(piece, count, layout)
    elif layout.compression in (kinds.RLE, kinds.GROUP3, kinds.GROUP4):
        for pixels in fax(packed, rows, layout):
            yield pixels[:, :, None]
    else:
        for data, count in zip(_bytes(packed, rows, layout), rows, strict=False):
            checkpoint()
            yield _samples(data, count, layout, fields.order)


def _bytes(
    packed: Iterator[memoryview], rows: list[int], layout: TiffLayout
) -> Iterator[bytes | memoryview]:
    if layout.compression in (kinds.LZW, kinds.ZSTD):
        yield from by_libtiff(packed, rows, layout)
        return
    unpack = _UNPACK[layout.compression]
    for piece, count in zip(packed, rows, strict=False):
        # The last strip may be as long as the others, with more rows than the picture needs.
        yield unpack(piece, count * layout.row_bytes, layout.rows * layout.row_bytes)


def _samples(data: bytes | memoryview, rows: int, layout: TiffLayout, order: str) -> Array:
    flat = np.frombuffer(data, np.uint8, rows * layout.row_bytes).reshape(rows, -1)
    bits, shape = layout.bits, (rows, layout.across, layout.samples)
    if bits == 8:
        values = flat.reshape(shape)
    elif layout.planar_bytes:
        values = _floats(flat, bits // 8, layout.samples).reshape(shape)
    elif bits in (16, 32):
        letter = "f" if layout.floats else "u"
        values = flat.view(f"{order}{letter}{bits // 8}").reshape(shape)
    elif bits == 12:
        values = _twelve(flat)[:, : layout.across, None]
    else:
        single = np.unpackbits(flat, axis=1).reshape(rows, -1, bits)
        weights = (1 << np.arange(bits - 1, -1, -1)).astype(np.uint8)
        values = (
            (single @ weights)[:, : layout.across, None] if bits > 1 else single[:, : layout.across]
        )
    if layout.differences:
        native = np.uint8 if bits == 8 else np.uint16
        values = np.cumsum(values, axis=1, dtype=native)
    return values


def _floats(flat: Array, size: int, samples: int) -> Array:
    """Undo predictor 3: Adobe Photoshop TIFF Technical Note 3, "Floating Point Predictor".

    Each byte is a difference from the byte a pixel before. Each row has first the highest bytes of all
    samples, then the next ones, in either byte order.
    """
    rows = len(flat)
    planes = np.cumsum(flat.reshape(rows, -1, samples), axis=1, dtype=np.uint8)
    together = planes.reshape(rows, size, -1).transpose(0, 2, 1)
    return np.ascontiguousarray(together).view(f">f{size}")


def _twelve(flat: Array) -> Array:
    """Unpack two samples from every three bytes, with the high bits first in either byte order."""
    padded = np.zeros((len(flat), -(-flat.shape[1] // 3) * 3), np.uint16)
    padded[:, : flat.shape[1]] = flat
    first, middle, last = padded[:, ::3], padded[:, 1::3], padded[:, 2::3]
    pairs = np.stack((first << 4 | middle >> 4, (middle & 15) << 8 | last), axis=2)
    return pairs.reshape(len(flat), -1)


def _raw(piece: memoryview, wanted: int, _: int) -> memoryview:
    return piece[:wanted]


def _deflated(piece: memoryview, wanted: int, most: int) -> bytes:
    """Inflate up to and including the checksum after the last byte."""
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(piece, most + 1)
    except zlib.error as error:
        raise damaged("TIFF", f"a strip or tile: {error}") from None
    return _whole(data, wanted, ended=inflate.eof)


def _lzma(piece: memoryview, wanted: int, most: int) -> bytes:
    unpack = lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)
    try:
        data = unpack.decompress(piece, most + 1)
    except lzma.LZMAError as error:
        raise damaged("TIFF", f"a strip or tile: {error}") from None
    return _whole(data, wanted, ended=unpack.eof)


def _whole(data: bytes, wanted: int, *, ended: bool) -> bytes:
    """Return unpacked data, and raise unless there is enough and its checksum was read."""
    if len(data) < wanted:
        what = f"a strip or tile has {len(data)} of {wanted} bytes"
        raise (damaged if ended else cut)("TIFF", what)
    if not ended:
        raise damaged(
            "TIFF", "a strip or tile has more bytes than its pixels need, or lacks its checksum"
        )
    return data


def _packbits(piece: memoryview, wanted: int, _: int) -> bytes:
    """Unpack PackBits: TIFF 6.0, section 9. A run may not go beyond the last byte."""
    from PIL import Image  # noqa: PLC0415  heavy

    try:  # Pillow's decoder, given one row
        return Image.frombytes("L", (wanted, 1), piece, "packbits", "L").tobytes()
    except ValueError:
        return _runs(piece, wanted)


def _runs(piece: memoryview, wanted: int) -> bytes:
    """Unpack PackBits more slowly than Pillow, and report what is wrong."""
    data, parts, got, at = bytes(piece), list[bytes](), 0, 0
    while got < wanted and at < len(data):
        count = data[at]
        if count < 128:
            part = data[at + 1 : at + 2 + count]
            at += 2 + count
        else:  # 128 means nothing
            part = data[at + 1 : at + 2] * (257 - count) if count > 128 else b""
            at += 1 + (count > 128)
        parts.append(part)
        got += len(part)
        if not len(parts) % 4096:
            checkpoint()
    if got < wanted:
        raise damaged("TIFF", f"a strip or tile has {got} of {wanted} bytes")
    if got > wanted:
        raise damaged("TIFF", "a run of bytes goes beyond the end of its strip or tile")
    return b"".join(parts)


_UNPACK: dict[int, Callable[[memoryview, int, int], bytes | memoryview]] = {
    kinds.RAW: _raw,
    kinds.DEFLATE: _deflated,
    kinds.OLD_DEFLATE: _deflated,
    kinds.LZMA: _lzma,
    kinds.PACKBITS: _packbits,
}
