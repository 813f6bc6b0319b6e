"""Small images of every format but JPEG, and random damage to them, with fixed seeds."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from random import Random

import numpy as np
import tifffile
from PIL import Image, ImageOps

from tests.preprocessing.support.files import animated, png_interlaced, save, small


@cache
def tiny() -> Image.Image:
    """Return a piece of a photograph, with odd sides."""
    return small().crop((10, 8, 51, 37))


def oriented(format_: str, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return save(tiny(), format_, exif=exif, **options)


def tiff(array: np.ndarray, **options: object) -> bytes:
    """Return a TIFF without the fields in which tifffile names itself."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, metadata=None, software=False, **options)
    return stream.getvalue()


def _rgb_tiff(**options: object) -> bytes:
    return tiff(np.asarray(tiny()), photometric="rgb", **options)


def _bits() -> Image.Image:
    return tiny().convert("1")


def bmp_rle(*, nibbles: bool = False) -> bytes:
    """Return a run-length encoded BMP, which Pillow cannot write: rows of runs and of literal pixels."""
    indices = np.asarray(tiny().quantize(16)) & 15
    rows = []
    for number, row in enumerate(indices[::-1]):
        if number % 2:
            values = [
                row[i] << 4 | (row[i + 1] if i + 1 < len(row) else 0) for i in range(0, len(row), 2)
            ]
            content = bytes(values) if nibbles else row.tobytes()
            rows.append(bytes((0, len(row))) + content + b"\0" * (len(content) % 2))
        else:
            rows.append(b"".join(bytes((1, int(v) << 4 if nibbles else int(v))) for v in row))
        rows.append(b"\0\0")
    pixels = b"".join(rows) + b"\0\1"
    palette = bytes(v for i in range(16) for v in (i * 16, 255 - i * 16, i, 0))
    height, width = indices.shape
    head = struct.pack(
        "<IiiHHIIiiII",
        40,
        width,
        height,
        1,
        4 if nibbles else 8,
        1 + nibbles,
        len(pixels),
        0,
        0,
        16,
        0,
    )
    at = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + head + palette + pixels


FILES: dict[str, dict[str, Callable[[], bytes]]] = {
    "png": {
        "RGB": lambda: save(tiny(), "PNG"),
        "oriented": lambda: oriented("PNG"),
        "palette": lambda: save(tiny().quantize(40), "PNG"),
        "alpha": lambda: save(tiny().convert("RGBA"), "PNG"),
        "bits": lambda: save(_bits(), "PNG"),
        "interlaced": png_interlaced,
    },
    "webp": {
        "lossy": lambda: save(tiny(), "WEBP"),
        "lossless": lambda: save(tiny(), "WEBP", lossless=True),
        "oriented": lambda: oriented("WEBP"),
        "animated": lambda: animated("WEBP"),
    },
    "gif": {
        "palette": lambda: save(tiny().quantize(64), "GIF"),
        "interlaced": lambda: save(tiny().quantize(32), "GIF", interlace=1),
        "animated": lambda: animated("GIF"),
    },
    "bmp": {
        "RGB": lambda: save(tiny(), "BMP"),
        "palette": lambda: save(tiny().quantize(40), "BMP"),
        "bits": lambda: save(_bits(), "BMP"),
        "runs": bmp_rle,
    },
    "avif": {"RGB": lambda: save(tiny(), "AVIF"), "oriented": lambda: oriented("AVIF")},
    "tiff raw": {
        "RGB": _rgb_tiff,
        "tiles": lambda: _rgb_tiff(tile=(16, 16)),
        "BigTIFF": lambda: _rgb_tiff(bigtiff=True, rowsperstrip=8),
        "planes": lambda: tiff(
            np.asarray(tiny()).transpose(2, 0, 1).copy(), planarconfig="separate", photometric="rgb"
        ),
        "palette": lambda: save(tiny().quantize(40), "TIFF"),
    },
    "tiff runs and LZW": {
        "LZW": lambda: save(tiny(), "TIFF", compression="tiff_lzw"),
        "PackBits": lambda: save(tiny(), "TIFF", compression="packbits"),
    },
    "tiff checked": {
        "deflate": lambda: save(tiny(), "TIFF", compression="tiff_adobe_deflate"),
        "LZMA": lambda: save(tiny(), "TIFF", compression="lzma"),
        "deflated tiles": lambda: _rgb_tiff(tile=(16, 16), compression="zlib", predictor=True),
    },
    "tiff fax": {
        "group 4": lambda: save(_bits(), "TIFF", compression="group4"),
        "group 3": lambda: save(_bits(), "TIFF", compression="group3"),
        "RLE": lambda: save(_bits(), "TIFF", compression="tiff_ccitt"),
    },
    "tiff JPEG": {"strips": lambda: save(tiny(), "TIFF", compression="jpeg")},
}


def by_pillow(data: bytes) -> np.ndarray:
    """Return the pixels that Pillow decodes, upright, in RGB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        with_palette = image.mode == "P" and "transparency" in image.info
        return np.asarray((image.convert("RGBA") if with_palette else image).convert("RGB"))


def flipped(random: Random, data: bytes) -> bytes:
    """Flip some bits, mostly in the header."""
    broken = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(random.choice((min(200, len(broken)), len(broken))))
        broken[at] ^= 1 << random.randrange(8)
    return bytes(broken)


def cut(random: Random, data: bytes) -> bytes:
    """Cut the file off."""
    return data[: random.randrange(len(data))]


@cache
def _others() -> tuple[bytes, ...]:
    return tuple(make() for group in FILES.values() for make in group.values())


def spliced(random: Random, data: bytes) -> bytes:
    """Replace the end by that of another file."""
    other = random.choice(_others())
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def repeated(random: Random, data: bytes) -> bytes:
    """Repeat a piece, or remove it."""
    first = random.randrange(len(data))
    last = min(first + random.randrange(1, 400), len(data))
    return data[:last] + data[first:] if random.random() < 0.5 else data[:first] + data[last:]


def damaged(format_: str, count: int) -> Iterator[tuple[bytes, str, bytes]]:
    """Yield an undamaged file, the type of damage, and the damaged file."""
    random = Random(format_)
    files = [make() for make in FILES[format_].values()]
    for _ in range(count):
        whole, damage = random.choice(files), random.choice((flipped, cut, spliced, repeated))
        broken = damage(random, whole)
        if broken != whole:
            yield whole, damage.__name__, broken
