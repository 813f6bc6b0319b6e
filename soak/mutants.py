"""Real photographs in every format, and what damage makes of them. Seeded: the same ones each time."""

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

# Small, so that thousands are read in little time, and large enough for every table that a format has.
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
# Where most headers end: a bit does more there than among the pixels.
_HEAD = 600
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1", b"\xff\xff")


@cache
def files(sides: tuple[int, int] = _SIDES) -> dict[str, bytes]:
    """Return two photographs, of these few pixels, in each format; JPEGs have an orientation."""
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
    """Turn some bits."""
    broken = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 40))):
        at = random.randrange(random.choice((min(_HEAD, len(broken)), len(broken))))
        broken[at] ^= 1 << random.randrange(8)
    return bytes(broken)


def truncated(random: Random, data: bytes) -> bytes:
    """Break off somewhere."""
    return data[: random.randrange(random.choice((_HEAD, len(data))))]


def spliced(random: Random, data: bytes) -> bytes:
    """Go on with the tail of another file, or of the same one."""
    other = random.choice(list(files().values()))
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def overwritten(random: Random, data: bytes) -> bytes:
    """Put an extreme number where a length or a side may stand."""
    extreme = random.choice(_EXTREMES)
    at = random.randrange(min(_HEAD, len(data)))
    return data[:at] + extreme + data[at + len(extreme) :]


def repeated(random: Random, data: bytes) -> bytes:
    """Have a piece twice, or not at all."""
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
    """Return so many damaged files by key, which tells what was done to which."""
    random = Random(seed)
    sources = list(files().items())
    made = {}
    for number in range(count):
        name, data = random.choice(sources)
        damage = random.choice(list(DAMAGES))
        made[f"{number:05}-{damage}-{name}"] = DAMAGES[damage](random, data)
    return made


def outcome(pipeline: Pipeline, data: bytes) -> Wanted:
    """Return what a read of these bytes must give: the library's own, or the code of its error."""
    try:
        body = pipeline.encode(data).body
    except (
        Exception
    ) as error:  # as the handler does; what is no error of ours becomes InternalError
        return Wanted(code=errors.as_request_failed(error).code)
    return Wanted(sha256=digest(body), length=len(body))


def outcomes(spec: str, objects: Mapping[str, bytes]) -> dict[str, Wanted]:
    """Return what a read of each must give.

    For a process of its own, which a decoder may take down with it: libtiff's words on its standard
    error, which cannot be told from the soak's, are thrown away.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    pipeline = Pipeline.parse(spec)
    return {key: outcome(pipeline, data) for key, data in objects.items()}
