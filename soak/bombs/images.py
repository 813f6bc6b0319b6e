"""Hostile PNGs, JPEGs and other images: many pixels, scans, chunks or profiles in few bytes."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

from soak.bombs.base import bomb


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(height: int, width: int, depth: int, color: int, line: bytes, *before: bytes) -> bytes:
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(b"\0" + line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), *before, _chunk(b"IDAT", pixels), _chunk(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@bomb(
    "PNG of 81 megapixels of one bit",
    "resize:224,224/npy",
    "hog/npy",
    "canny/npy",
    "denoise_bilateral/npy",
    "denoise_tv/npy",
    "clahe/npy",
    "to_lab/npy",
    "equalize/webp:lossless=true",
)
def _large_png() -> bytes:
    return _png(9000, 9000, 1, 0, bytes(1125))


@bomb("PNG of 4 megapixels of noise, repeated", "hog/npy", "denoise_tv/npy", "canny:sigma=100/npy")
def _busy_png() -> bytes:
    line = np.random.default_rng(0).integers(0, 256, 6000, np.uint8).tobytes()
    return _png(2000, 2000, 8, 2, line)


@bomb("PNG of 400 megapixels", "resize:224,224/npy")
def _huge_png() -> bytes:
    return _png(20_000, 20_000, 1, 0, bytes(2500))


@bomb("PNG with 300 MB of zeros in its colour profile", "resize:224,224/npy")
def _text_png() -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(300)) + packer.flush()
    return _png(64, 64, 8, 2, bytes(192), _chunk(b"iCCP", b"name\0\0" + packed))


@bomb(
    "PNG of one row of 65,535 pixels",
    "resize:256/npy",
    "resize:60000,1/png",
    "rotate:45,expand=true/npy",
)
def _strip_png() -> bytes:
    return _png(1, 65_535, 8, 2, bytes(3 * 65_535))


@bomb("progressive JPEG of 3,000 scans", "resize:224,224/npy")
def _many_scans() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4096, 4096)).save(file, "JPEG", progressive=True, quality=50)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    return data[:last] + scan * 3000 + b"\xff\xd9"


@bomb("progressive JPEG of 64 megapixels", "resize:224,224/npy")
def _progressive() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(file, "JPEG", progressive=True, subsampling=0)
    return file.getvalue()


@bomb("TIFF of 4,000,000 strips", "resize:224,224/npy")
def _many_strips() -> bytes:
    count, at = 4_000_000, 16
    first = at + 2 + 12 * 9 + 4
    tags = (
        (256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, count, first), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 1, 8),
    )  # fmt: skip
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<2sHI", b"II", 42, at) + bytes(8)
    return head + table + bytes(4) + struct.pack("<I", 8) * count


@bomb("GIF of a canvas of 65,535 x 65,535", "resize:224,224/npy")
def _large_gif() -> bytes:
    file = io.BytesIO()
    Image.new("P", (8, 8)).save(file, "GIF")
    data = bytearray(file.getvalue())
    data[6:10] = struct.pack("<HH", 65_535, 65_535)
    return bytes(data)


@bomb("WebP of a canvas of 16,383 x 16,383", "resize:224,224/npy")
def _large_webp() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    data = bytearray(file.getvalue())
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    return bytes(data)


@bomb("PNG of 1,000,000 empty IDAT chunks", "resize:224,224/npy")
def _many_chunks() -> bytes:
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(72))
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT") * 1_000_000, _chunk(b"IDAT", pixels))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + _chunk(b"IEND")


@bomb("PNG of 1,000,000 comments", "resize:224,224/npy")
def _many_comments() -> bytes:
    return _png(8, 8, 8, 0, bytes(8), _chunk(b"tEXt", b"a\0b") * 1_000_000)


@bomb("PNG of 64 pixels before 300 MB of zeros", "resize:224,224/npy")
def _endless_pixels() -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(300)) + packer.flush()
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND")
    )


@bomb("JPEG of 81 megapixels", "resize:224,224/npy", "exact/resize:224,224/npy")
def _large_jpeg() -> bytes:
    return _saved(Image.new("L", (9000, 9000)), "JPEG", quality=1)


@bomb("JPEG that claims 65,500 x 65,500", "resize:224,224/npy")
def _lying_jpeg() -> bytes:
    data = bytearray(_saved(Image.new("RGB", (8, 8)), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65_500, 65_500)
    return bytes(data)


@bomb("progressive JPEG of 40 megapixels in CMYK", "resize:224,224/npy")
def _inks() -> bytes:
    return _saved(Image.new("CMYK", (6300, 6300)), "JPEG", progressive=True)


@bomb("JPEG of 1,000,000 comments", "resize:224,224/npy")
def _many_segments() -> bytes:
    data = _saved(Image.new("RGB", (8, 8)), "JPEG")
    return data[:2] + b"\xff\xfe\0\x03a" * 1_000_000 + data[2:]


@bomb("JPEG of 10,000,000 restart markers", "resize:224,224/npy")
def _many_restarts() -> bytes:
    data = _saved(Image.new("RGB", (64, 64)), "JPEG", restart_marker_blocks=1)
    at = data.index(b"\xff\xd0")
    return data[:at] + b"\xff\xd0" * 10_000_000 + data[at:]


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
