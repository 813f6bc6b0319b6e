"""Photographs in every format, and damaged copies of them, drawn from a seed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from random import Random

from PIL import Image

from jitprep.cli.demo_data.photos import photographs
from jitprep.service import errors
from preprocessing import Pipeline
from soak.load.reads import Wanted, digest

# Small, so that thousands can be read quickly, and large enough to use every table of a format.
_SIDES = (160, 120)
_FORMATS: Mapping[str, tuple[str, str, Mapping[str, object]]] = {
    "jpeg": ("RGB", "JPEG", {"quality": 90}),
    "jpeg-progressive": ("RGB", "JPEG", {"progressive": True, "subsampling": "4:4:4"}),
    "jpeg-cmyk": ("CMYK", "JPEG", {}),
    "jpeg-gray": ("L", "JPEG", {}),
    "png": ("RGB", "PNG", {}),
    "png-palette": ("P", "PNG", {}),
    "png-alpha": ("RGBA", "PNG", {}),
    "webp": ("RGB", "WEBP", {}),
    "webp-lossless": ("RGBA", "WEBP", {"lossless": True}),
    "gif": ("P", "GIF", {}),
    "tiff": ("RGB", "TIFF", {}),
    "tiff-lzw": ("RGB", "TIFF", {"compression": "tiff_lzw"}),
    "tiff-deflate": ("L", "TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff-jpeg": ("RGB", "TIFF", {"compression": "jpeg"}),
    "bmp": ("RGB", "BMP", {}),
    "bmp-palette": ("P", "BMP", {}),
}
_ORIENTATION = 0x0112
# Most headers end here. A changed bit has more effect there than among the pixels.
_HEAD = 600
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1", b"\xff\xff")


@cache
def files(sides: tuple[int, int] = _SIDES) -> dict[str, bytes]:
    """Return two photographs of this size in each format; JPEGs have an EXIF orientation."""
    made = {}
    for key in ("rocket.jpg", "coffee.jpg"):
        with Image.open(BytesIO(photographs()[key])) as image:
            small = image.resize(sides)
        for name, (mode, format_, options) in _FORMATS.items():
            stream = BytesIO()
            exif = Image.Exif()
            exif[_ORIENTATION] = 6
            more = {"exif": exif} if format_ == "JPEG" else {}
            small.convert(mode).save(stream, format_, **options, **more)
            made[f"{name}-{key.partition('.')[0]}"] = stream.getvalue()
    return made


def flipped(random: Random, data: bytes) -> bytes:
    """Flip some bits."""
    broken = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 40))):
        at = random.randrange(random.choice((min(_HEAD, len(broken)), len(broken))))
        broken[at] ^= 1 << random.randrange(8)
    return bytes(broken)


def truncated(random: Random, data: bytes) -> bytes:
    """Truncate the file."""
    return data[: random.randrange(random.choice((_HEAD, len(data))))]


def spliced(random: Random, data: bytes) -> bytes:
    """Replace the end with the end of another file, or of the same file."""
    other = random.choice(list(files().values()))
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def overwritten(random: Random, data: bytes) -> bytes:
    """Overwrite a place in the header with an extreme number."""
    extreme = random.choice(_EXTREMES)
    at = random.randrange(min(_HEAD, len(data)))
    return data[:at] + extreme + data[at + len(extreme) :]


def repeated(random: Random, data: bytes) -> bytes:
    """Repeat a piece, or remove it."""
    first = random.randrange(len(data))
    last = min(first + random.randrange(1, 2000), len(data))
    return data[:last] + data[first:] if random.random() < 0.5 else data[:first] + data[last:]


DAMAGES: Mapping[str, Callable[[Random, bytes], bytes]] = {
    "flipped": flipped,
    "truncated": truncated,
    "spliced": spliced,
    "overwritten": overwritten,
    "repeated": repeated,
}


def mutants(count: int, seed: int) -> dict[str, bytes]:
    """Return `count` damaged files by key, which names the damage and the file."""
    random = Random(seed)
    sources = list(files().items())
    made = {}
    for number in range(count):
        name, data = random.choice(sources)
        damage = random.choice(list(DAMAGES))
        made[f"{number:05}-{damage}-{name}"] = DAMAGES[damage](random, data)
    return made


def outcome(pipeline: Pipeline, data: bytes) -> Wanted:
    """Return the expected result of reading these bytes: the library's, or the code of its error."""
    try:
        body = pipeline.encode(data).body
    except Exception as error:  # as in the handler: other libraries' errors become InternalError
        return Wanted(code=errors.as_request_failed(error).code)
    return Wanted(sha256=digest(body), length=len(body))


def outcomes(spec: str, objects: Mapping[str, bytes]) -> dict[str, Wanted]:
    """Return the expected result of each read.

    Run it in its own process, which a decoder may crash. Its standard error is discarded, because
    libtiff writes to it.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    pipeline = Pipeline.parse(spec)
    return {key: outcome(pipeline, data) for key, data in objects.items()}
