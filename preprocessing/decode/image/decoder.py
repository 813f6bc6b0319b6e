"""Image decoder: header and pixels of any image format.

The result is always 8-bit RGB, upright: the same as
``ImageOps.exif_transpose(Image.open(f)).convert("RGB")`` in Pillow, which torchvision's folder datasets
use. In detail:

- EXIF orientation is applied.
- CMYK and YCCK are converted to RGB by ``(255 - C)(255 - K) / 255``; Adobe's inversion is undone.
- Palettes are looked up. Gray is repeated in three channels.
- Alpha is dropped, not blended: the colour stored under it is kept.
- 16-bit samples keep their high byte. Pillow clips 16-bit gray instead, which loses most of it.
- Gray in a TIFF is scaled by its number of bits, and inverted if its white is zero, at any depth.
- 32-bit integer and float samples are refused, because they have no agreed range.
  `decode_deep` keeps 16 bits, and floats.
- The first image of an animation or a multi-page file is decoded.

`probe` reads only the header, and refuses images that are too large.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.jpeg import decoder as jpeg
from preprocessing.errors import CorruptSource
from preprocessing.limits import require_pixels

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import Array, DType

# The formats whose samples may have more than 8 bits. Their functions also take the type to decode to.
_DEEP = frozenset({"png", "tiff", "avif", "heic"})


def probe(data: bytes, format_: str, limits: Limits, *, deep: DType = "uint8") -> ImageHeader:
    """Read the header.

    Parameters
    ----------
    data : bytes
        The whole object.
    format_ : str
    limits : Limits
    deep : {"uint8", "uint16", "float32"}
        Type for which the image will be decoded: other than uint8 by `decode_deep`.

    Returns
    -------
    ImageHeader

    Raises
    ------
    CorruptSource, UnsupportedSource, LimitExceeded
    """
    header: ImageHeader
    if format_ in _DEEP and deep != "uint8":
        header = _module(format_).probe(data, deep)
    else:
        header = jpeg.probe(data) if format_ == "jpeg" else _module(format_).probe(data)
    claim = f"the {header.format} header claims"
    advice = "; raise the limit or store a smaller image"
    require_pixels(header.height, header.width, limits, claim, advice=advice)
    if 0 in header.stored:
        raise CorruptSource(
            f"the {header.format} header claims 0 pixels; replace it with an intact copy"
        )
    return header


def decode(data: bytes, header: ImageHeader, *, eighths: int = 8, luma: bool = False) -> Array:
    """Decode an object that `probe` has accepted.

    Parameters
    ----------
    data : bytes
    header : ImageHeader
        What `probe` returned for `data`.
    eighths : {1, 2, 4, 8}
        Decode at this many eighths of the size. Less than 8 is for JPEG only.
    luma : bool
        Decode one channel, the luma. For JPEG only.

    Returns
    -------
    ndarray
        Of shape (height, width, 3 or 1), uint8, upright; a view of memory that the next decode
        in this thread may use again.

    Raises
    ------
    CorruptSource
    """
    if header.format == "jpeg":
        stored = jpeg.decode(data, header, eighths, luma=luma)
    else:
        stored = _module(header.format).decode(data)
    return header.upright(stored)


def decode_deep(data: bytes, header: ImageHeader, deep: DType) -> Array:
    """Decode an object that `probe` has accepted, with all bits of its samples.

    Parameters
    ----------
    data : bytes
    header : ImageHeader
    deep : {"uint16", "float32"}
        As for `probe`.

    Returns
    -------
    ndarray
        Of shape (height, width, 3), upright. uint16 for integers of up to 16 bits, whose largest becomes
        65,535; float32, as stored, if the file has floats and `deep` is float32. For float32 samples of
        up to 8 bits are uint8.

    Raises
    ------
    CorruptSource
    """
    stored: Array
    if header.format in _DEEP:
        stored = _module(header.format).decode(data, deep)
        image = header.upright(stored)
    else:
        image = decode(data, header)
    # 257 makes white of white, as libpng's ``png_set_expand_16`` does.
    return image * np.uint16(257) if image.dtype == np.uint8 and deep == "uint16" else image


def holds(header: ImageHeader, *, eighths: int = 8, luma: bool = False) -> int:
    """Return the most bytes that `decode` holds at once, including its result.

    Parameters
    ----------
    header, eighths, luma
        As for `decode`.
    """
    if header.format == "jpeg":
        return jpeg.holds(header, eighths, luma=luma)
    return header.held


def _module(format_: str) -> Any:
    """Import and return the module of a format, which has the format's name."""
    return import_module(f"preprocessing.decode.image.{format_}")
