"""Real photographs, from scikit-image's own files. Nothing is downloaded."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import skimage
from PIL import Image

FOLDER = Path(skimage.__file__).parent / "data"
# These two ship as JPEG, by two encoders; the others as PNG, and are re-encoded as cameras do.
_JPEGS = ("rocket", "retina")
_PNGS = ("astronaut", "coffee", "chelsea", "ihc")
NAMES = (*_JPEGS, *_PNGS)


@cache
def photo(name: str) -> bytes:
    """Return a photograph as the bytes of a JPEG.

    Parameters
    ----------
    name : str
        One of `NAMES`: rocket is 427×640 4:2:0, retina is 1411×1411, coffee is 400×600, chelsea is
        300×451, astronaut and ihc are 512×512.
    """
    if name in _JPEGS:
        return (FOLDER / f"{name}.jpg").read_bytes()
    stream = BytesIO()
    picture(name).save(stream, "JPEG", quality=90, subsampling="4:2:0")
    return stream.getvalue()


@cache
def picture(name: str) -> Image.Image:
    """Return a photograph as a Pillow image, RGB. Do not change it: it is shared."""
    suffix = "jpg" if name in _JPEGS else "png"
    with Image.open(FOLDER / f"{name}.{suffix}") as image:
        return image.convert("RGB")
