"""Bytes to pixels.

Whatever the file holds, the result is 8-bit RGB, upright: what
``ImageOps.exif_transpose(Image.open(f)).convert("RGB")`` gives in Pillow, which is what torchvision's
folder datasets have always fed to models. In particular

- EXIF orientation is applied;
- CMYK and YCCK become RGB by ``(255 - C)(255 - K) / 255``, with Adobe's inversion understood;
- palettes are looked up; gray is repeated in three channels;
- alpha is dropped, not blended: the colour stored under it is kept;
- 16-bit samples keep their high byte (Pillow clips 16-bit gray instead, which is of no use);
- gray of a TIFF is scaled by its own bits, and inverted where its white is zero, at any depth;
- 32-bit integer and float samples are refused, because they have no agreed range;
- of an animation or a multi-page file the first image is taken.

`probe` reads the header only. It is where oversized images are refused.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from preprocessing.decode.image.header import ImageFormat, ImageHeader
from preprocessing.decode.image.jpeg import decoder as jpeg
from preprocessing.errors import CorruptSource
from preprocessing.limits import require_pixels

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import Array

_MODULES: dict[ImageFormat, str] = {
    "png": "png",
    "webp": "webp",
    "gif": "gif",
    "bmp": "bmp",
    "avif": "avif",
    "tiff": "tiff.decoder",
}


def probe(data: bytes, format_: ImageFormat, limits: Limits) -> ImageHeader:
    """Read what the header tells.

    Parameters
    ----------
    data : bytes
        The whole object.
    format_ : str
    limits : Limits

    Returns
    -------
    ImageHeader

    Raises
    ------
    CorruptSource, UnsupportedSource, LimitExceeded
    """
    header: ImageHeader = jpeg.probe(data) if format_ == "jpeg" else _module(format_).probe(data)
    claim = f"the {header.format} header claims"
    advice = "; raise the limit or store a smaller image"
    require_pixels(header.height, header.width, limits, claim, advice=advice)
    if 0 in header.stored:
        raise CorruptSource(
            f"the {header.format} header claims no pixels; replace it with an intact copy"
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
        Decode at this many eighths of the size; below 8 for JPEG only.
    luma : bool
        Decode one channel, the luma; for JPEG only.

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


def holds(header: ImageHeader, *, eighths: int = 8, luma: bool = False) -> int:
    """Return the most bytes that `decode` holds at once: the decoder's own and the result.

    Parameters
    ----------
    header, eighths, luma
        As for `decode`.
    """
    if header.format == "jpeg":
        return jpeg.holds(header, eighths, luma=luma)
    return header.held


def _module(format_: ImageFormat) -> Any:
    """Return the decoder of a format, imported for its first object."""
    return import_module(f"preprocessing.decode.image.{_MODULES[format_]}")
