"""Image files of every format and variant, made by Pillow and tifffile from one photograph."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
import tifffile
from PIL import Image

from tests.photos import picture

ORIENTATION_TAG = 0x0112


def save(image: Image.Image, format_: str, **options: object) -> bytes:
    """Encode an image with Pillow."""
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


@cache
def small() -> Image.Image:
    """Return a piece of a real photograph, with odd sides."""
    return picture("coffee").crop((150, 100, 217, 145))


def rgba() -> Image.Image:
    """Return the same with an alpha from opaque to transparent."""
    image = small().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def palette(*, transparent: bool = False) -> Image.Image:
    image = small().quantize(40)
    if transparent:
        image.info["transparency"] = bytes(range(0, 240, 6))
    return image


def gray16() -> np.ndarray:
    """Return 16-bit samples, most of them above 255: (H, W)."""
    return np.asarray(small().convert("L")).astype(np.uint16) * 257 // 2 + 77


def png_gray(bits: int) -> bytes:
    """Return a gray PNG of 1, 2, 4 or 8 bits, which Pillow cannot write."""
    levels = np.asarray(small().convert("L")) >> (8 - bits)
    height, width = levels.shape
    padded = np.zeros((height, -(-width * bits // 8) * 8 // bits), np.uint8)
    padded[:, :width] = levels
    planes = (padded[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    rows = np.packbits(planes.reshape(height, -1).astype(np.uint8), axis=1)
    return png_of(rows, width, bits, color_type=0)


def png_interlaced() -> bytes:
    """Return an interlaced PNG (Adam7), which Pillow cannot write: seven smaller pictures in turn."""
    image = np.asarray(small())
    passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]
    lines = b""
    for top, left, down, right in passes:
        part = image[top::down, left::right]
        lines += b"".join(b"\0" + row.tobytes() for row in part)
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 2, 0, 0, 1)
    return png_chunks((b"IHDR", header), (b"IDAT", zlib.compress(lines)))


def png_of(rows: np.ndarray, width: int, bits: int, color_type: int) -> bytes:
    """Return a PNG of unfiltered rows of bytes."""
    header = struct.pack(">IIBBBBB", width, len(rows), bits, color_type, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    return png_chunks((b"IHDR", header), (b"IDAT", zlib.compress(lines)))


def png_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG file of these chunks."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in (*chunks, (b"IEND", b"")):
        parts += [
            struct.pack(">I", len(data)),
            kind,
            data,
            struct.pack(">I", zlib.crc32(kind + data)),
        ]
    return b"".join(parts)


def ycck_jpeg() -> bytes:
    """Return a JPEG in YCCK, as by Photoshop: Pillow's CMYK file with another Adobe transform flag."""
    data = bytearray(save(small().convert("CMYK"), "JPEG", quality=95))
    flag = data.index(b"Adobe") + 11
    data[flag] = 2
    return bytes(data)


def tiff(image: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    photometric = "rgb" if image.ndim > 2 else "minisblack"
    tifffile.imwrite(stream, image, photometric=photometric, **options)
    return stream.getvalue()


def animated(format_: str) -> bytes:
    frames = [small().rotate(90 * i) for i in range(3)]
    return save(frames[0], format_, save_all=True, append_images=frames[1:], duration=50)


def oriented(format_: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    if format_ == "TIFF":
        return save(small(), "TIFF", tiffinfo={ORIENTATION_TAG: orientation})
    return save(small(), format_, exif=exif)


# Each must be decoded to the result of Pillow's exif_transpose and convert("RGB").
FILES: dict[str, Callable[[], bytes]] = {
    "jpeg 4:2:0": lambda: save(small(), "JPEG", quality=90, subsampling="4:2:0"),
    "jpeg 4:2:2": lambda: save(small(), "JPEG", quality=90, subsampling="4:2:2"),
    "jpeg 4:4:4": lambda: save(small(), "JPEG", quality=90, subsampling="4:4:4"),
    "jpeg progressive": lambda: save(small(), "JPEG", progressive=True),
    "jpeg gray": lambda: save(small().convert("L"), "JPEG"),
    "jpeg RGB": lambda: save(small(), "JPEG", keep_rgb=True),
    "jpeg CMYK": lambda: save(small().convert("CMYK"), "JPEG", quality=95),
    "jpeg YCCK": ycck_jpeg,
    "png 1 bit": lambda: save(small().convert("1"), "PNG"),
    "png gray 1 bit": lambda: png_gray(1),
    "png gray 2 bits": lambda: png_gray(2),
    "png gray 4 bits": lambda: png_gray(4),
    "png gray 8 bits": lambda: png_gray(8),
    "png RGB": lambda: save(small(), "PNG"),
    "png RGB 16 bits": lambda: png_of(
        (np.asarray(small()).astype(">u2") * 257).reshape(45, -1).view(np.uint8), 67, 16, 2
    ),
    "png RGBA": lambda: save(rgba(), "PNG"),
    "png LA": lambda: save(rgba().convert("LA"), "PNG"),
    "png palette": lambda: save(palette(), "PNG"),
    "png palette 4 bits": lambda: save(small().quantize(16), "PNG", bits=4),
    "png palette with transparency": lambda: save(palette(transparent=True), "PNG"),
    "png RGB with a transparent colour": lambda: save(small(), "PNG", transparency=(1, 2, 3)),
    "png gray with a transparent colour": lambda: save(small().convert("L"), "PNG", transparency=7),
    "png interlaced": png_interlaced,
    "webp lossy": lambda: save(small(), "WEBP"),
    "webp lossless": lambda: save(small(), "WEBP", lossless=True),
    "webp alpha": lambda: save(rgba(), "WEBP"),
    "webp animated": lambda: animated("WEBP"),
    "gif": lambda: save(palette(), "GIF"),
    "gif with transparency": lambda: save(palette(), "GIF", transparency=3),
    "gif animated": lambda: animated("GIF"),
    "tiff RGB": lambda: tiff(np.asarray(small())),
    "tiff gray": lambda: tiff(np.asarray(small().convert("L"))),
    "tiff LZW": lambda: save(small(), "TIFF", compression="tiff_lzw"),
    "tiff deflate": lambda: save(small(), "TIFF", compression="tiff_adobe_deflate"),
    "tiff JPEG": lambda: save(small(), "TIFF", compression="jpeg"),
    "tiff big-endian": lambda: tiff(np.asarray(small()), byteorder=">"),
    "tiff tiles": lambda: tiff(np.asarray(small()), tile=(16, 16)),
    "tiff several pages": lambda: tiff(np.stack([np.asarray(small()), 255 - np.asarray(small())])),
    "tiff 1 bit": lambda: save(small().convert("1"), "TIFF", compression="group4"),
    "tiff palette": lambda: save(palette(), "TIFF"),
    "tiff RGBA": lambda: save(rgba(), "TIFF"),
    "tiff CMYK": lambda: save(small().convert("CMYK"), "TIFF"),
    "bmp": lambda: save(small(), "BMP"),
    "bmp gray": lambda: save(small().convert("L"), "BMP"),
    "bmp palette": lambda: save(palette(), "BMP"),
    "bmp RGBA": lambda: save(rgba(), "BMP"),
}
