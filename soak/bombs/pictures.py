"""Hostile TIFFs, BMPs, WebPs and AVIFs: data that expands, repeats or declares a wrong size."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from soak.bombs.base import bomb

_SPEC = "resize:224,224/npy"
_DEEP = "image:uint16/resize:224,224/npy"
_SIDE = 9000
_SHORT, _LONG = 3, 4


def _tiff(width: int, height: int, compression: int, strip: bytes, **more: int) -> bytes:
    """Return a TIFF of one gray strip; ``more`` has its bits, sample format and predictor."""
    tags = (
        (256, _LONG, 1, width), (257, _LONG, 1, height), (258, _SHORT, 1, more.get("bits", 8)),
        (259, _SHORT, 1, compression), (262, _SHORT, 1, 1), (273, _LONG, 1, 8),
        (277, _SHORT, 1, 1), (278, _LONG, 1, height), (279, _LONG, 1, len(strip)),
        (317, _SHORT, 1, more.get("predictor", 1)), (339, _SHORT, 1, more.get("format", 1)),
    )  # fmt: skip
    strip += bytes(len(strip) % 2)
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<2sHI", b"II", 42, 8 + len(strip)) + strip + table + bytes(4)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@bomb("TIFF of 81 megapixels in PackBits", _SPEC)
def _packbits() -> bytes:
    # A run of 125 zeros takes two bytes; 72 runs are one row.
    return _tiff(_SIDE, _SIDE, 32_773, b"\x84\0" * (72 * _SIDE))


@bomb("TIFF of 81 megapixels in PackBits of no bytes", _SPEC)
def _idle_packbits() -> bytes:
    return _tiff(_SIDE, _SIDE, 32_773, b"\x80" * 20_000_000)


@bomb("TIFF of 8 x 8 before 81 MB of PackBits", _SPEC)
def _overfull_packbits() -> bytes:
    return _tiff(8, 8, 32_773, b"\x84\0" * (72 * _SIDE))


@bomb("TIFF of 8 x 8 before 300 MB of zeros", _SPEC)
def _overfull_deflate() -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(300)) + packer.flush()
    return _tiff(8, 8, 8, packed)


@bomb("TIFF of 81 megapixels in LZW", _SPEC, "rotate:45,expand=true/npy")
def _lzw() -> bytes:
    return _saved(Image.new("L", (_SIDE, _SIDE)), "TIFF", compression="tiff_lzw")


@bomb("TIFF of 81 megapixels of fax, group 4", _SPEC)
def _fax() -> bytes:
    return _saved(Image.new("1", (_SIDE, _SIDE), 1), "TIFF", compression="group4")


@bomb("TIFF of 81 megapixels of fax, group 3, one strip of zeros", _SPEC)
def _damaged_fax() -> bytes:
    return _tiff(_SIDE, _SIDE, 3, bytes(5_000_000), bits=1)


@bomb("TIFF of 81 megapixels of JPEG", _SPEC)
def _jpeg_in_tiff() -> bytes:
    return _saved(Image.new("L", (_SIDE, _SIDE)), "TIFF", compression="jpeg")


@bomb("TIFF whose pages form a loop", _SPEC)
def _circle() -> bytes:
    data = _tiff(8, 8, 1, bytes(64))
    return data[:-4] + struct.pack("<I", 8 + 64)


@bomb("TIFF of 100,000 pages", _SPEC)
def _pages() -> bytes:
    one = _tiff(8, 8, 1, bytes(64))
    table, size = one[72:-4], len(one) - 72
    pages = b"".join(
        table + struct.pack("<I", 72 + size * (number + 1) if number < 99_999 else 0)
        for number in range(100_000)
    )
    return one[:72] + pages


@bomb("TIFF of 5,000,000 tiles", _SPEC)
def _tiles() -> bytes:
    count, at = 5_000_000, 16
    first = at + 2 + 12 * 10 + 4
    tags = (
        (256, 4, 1, 16), (257, 4, 1, 16), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (277, 3, 1, 1), (322, 4, 1, 16), (323, 4, 1, 16), (324, 4, count, first), (325, 4, 1, 256),
    )  # fmt: skip
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<2sHI", b"II", 42, at) + bytes(8)
    return head + table + bytes(4) + struct.pack("<I", 8) * count


def _bmp(width: int, height: int, packed: bytes) -> bytes:
    """Return a run-length encoded BMP of 256 colours."""
    start = 14 + 40 + 1024
    file = struct.pack("<2sIHHI", b"BM", start + len(packed), 0, 0, start)
    form = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(packed), 0, 0, 256, 0)
    return file + form + bytes(1024) + packed


@bomb("BMP of 81 megapixels that ends at once", _SPEC)
def _empty_bmp() -> bytes:
    return _bmp(_SIDE, _SIDE, b"\0\x01")


@bomb("BMP of 81 megapixels of runs", _SPEC)
def _run_bmp() -> bytes:
    return _bmp(_SIDE, _SIDE, (b"\xfa\x01" * 36 + b"\0\0") * _SIDE + b"\0\x01")


@bomb("BMP of 10,000,000 steps of no pixel", _SPEC)
def _idle_bmp() -> bytes:
    return _bmp(64, 64, b"\0\x02\0\0" * 10_000_000 + b"\0\x01")


@bomb("BMP of 2,000,000 runs of one pixel beyond the row", _SPEC)
def _overfull_bmp() -> bytes:
    return _bmp(64, 64, b"\x01\x01" * 2_000_000 + b"\0\x01")


@bomb("GIF of 81 megapixels", _SPEC)
def _full_gif() -> bytes:
    return _saved(Image.new("P", (_SIDE, _SIDE)), "GIF")


@bomb("GIF of 1,000,000 comments", _SPEC)
def _many_blocks() -> bytes:
    data = _saved(Image.new("P", (8, 8)), "GIF")
    at = data.index(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1))
    return data[:at] + b"\x21\xfe\x01a\0" * 1_000_000 + data[at:]


@bomb("WebP of 81 megapixels, lossless", _SPEC)
def _full_webp() -> bytes:
    return _saved(Image.new("RGB", (_SIDE, _SIDE)), "WEBP", lossless=True, quality=0, method=0)


@bomb("WebP of 1,000,000 chunks", _SPEC)
def _many_riff_chunks() -> bytes:
    data = _saved(Image.new("RGB", (8, 8)), "WEBP", exif=b"Exif\0\0")
    body = data[12:] + b"abcd\0\0\0\0" * 1_000_000
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _png(side: int, colour: int, channels: int) -> bytes:
    """Return a black PNG of 16 bits."""
    packer, row = zlib.compressobj(1), bytes(1 + 2 * channels * side)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 16, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@bomb("PNG of 25 megapixels of RGB at 16 bits", _DEEP, "image:float32/resize:224,224/npy")
def _deep_png() -> bytes:
    return _png(5000, 2, 3)


@bomb("PNG of 81 megapixels of RGB at 16 bits", _DEEP)
def _deeper_png() -> bytes:
    return _png(_SIDE, 2, 3)


@bomb("PNG mask of 81 megapixels at 16 bits", "index:uint16/resize:224,224/npy")
def _mask() -> bytes:
    return _png(_SIDE, 0, 1)


@bomb("TIFF of 25 megapixels of floats, each a difference", "image:float32/resize:224,224/npy")
def _floats() -> bytes:
    packed = zlib.compress(bytes(4 * 5000 * 5000), 1)
    return _tiff(5000, 5000, 8, packed, bits=32, format=3, predictor=3)


@bomb("AVIF of 36 megapixels", _SPEC)
def _full_avif() -> bytes:
    return _saved(Image.new("L", (6000, 6000)), "AVIF", speed=10, quality=1)


@bomb("AVIF that claims 65,535 x 65,535", _SPEC)
def _lying_avif() -> bytes:
    data = bytearray(_saved(Image.new("RGB", (64, 64)), "AVIF", speed=10))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 65_535, 65_535)
    return bytes(data)


@bomb("AVIF of 1,000,000 boxes", _SPEC)
def _many_avif_boxes() -> bytes:
    data = _saved(Image.new("RGB", (64, 64)), "AVIF", speed=10)
    size = struct.unpack(">I", data[:4])[0]
    return data[:size] + b"\0\0\0\x08free" * 1_000_000 + data[size:]


@bomb("SVG nested 200,000 deep", _SPEC, "text/strip_html")
def _deep_svg() -> bytes:
    deep = b"<g>" * 200_000 + b"</g>" * 200_000
    return b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + deep + b"</svg>"


@bomb("SVG of entities of entities, the billion laughs", _SPEC, "text/strip_html")
def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">{entities}]>'
        '<svg xmlns="http://www.w3.org/2000/svg"><text>&a10;</text></svg>'
    ).encode()
