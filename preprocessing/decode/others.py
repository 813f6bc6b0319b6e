"""Everything that is not an ordinary JPEG, by Pillow.

Pillow's plugins are used directly: ``Image.open`` would import all of them, and would warn of large
images by its own global limit before ours is asked.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, cast
from zlib import crc32

import numpy as np

from preprocessing.decode.header import Header, ImageFormat
from preprocessing.errors import CorruptSource, UnsupportedSource

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from preprocessing.media import Array

_PLUGINS: dict[ImageFormat, tuple[str, str]] = {
    "jpeg": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "png": ("PIL.PngImagePlugin", "PngImageFile"),
    "webp": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "gif": ("PIL.GifImagePlugin", "GifImageFile"),
    "tiff": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "bmp": ("PIL.BmpImagePlugin", "BmpImageFile"),
}
_ORIENTATION_TAG = 0x0112


def probe(data: bytes, format_: ImageFormat) -> Header:
    """Read the header. No pixel is decoded."""
    image = _open(data, format_)
    if image.mode in ("I", "F"):
        raise _unsupported(format_, "32-bit samples, which have no agreed range")
    # A TIFF is turned upright by Pillow's own loader.
    if format_ == "png" and "exif" not in image.info and (exif := _late_exif(data)):
        image.info["exif"] = exif
    orientation = 1 if format_ == "tiff" else _orientation_of(image)
    return Header(format_, (image.height, image.width), orientation, image.mode)


def decode(data: bytes, header: Header) -> Array:
    """Decode to (H, W, 3), as stored, uint8."""
    image = _open(data, header.format)
    try:
        image.load()
        return _rgb(image)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        raise _corrupt(header.format, error) from None


def orientation(data: bytes, format_: ImageFormat) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none or it makes no sense."""
    return _orientation_of(_open(data, format_))


def _late_exif(data: bytes) -> bytes:
    """Return the EXIF chunk of a PNG that has it behind the pixels, which Pillow would decode first."""
    at = data.rfind(b"eXIf")
    if at < 0:
        return b""
    end = at + 4 + int.from_bytes(data[at - 4 : at])
    intact = crc32(data[at:end]) == int.from_bytes(data[end : end + 4])
    return data[at + 4 : end] if intact else b""


def _orientation_of(image: ImageFile) -> int:
    from PIL.Image import Image  # noqa: PLC0415  loaded with the plugin that made `image`

    try:
        # Not image.getexif(): a PNG's would decode every pixel.
        value = Image.getexif(image).get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged EXIF block does not spoil the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _open(data: bytes, format_: ImageFormat) -> ImageFile:
    module, name = _PLUGINS[format_]
    # Pillow warns of damage in EXIF and TIFF tags. Where it matters here, an error says so.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        return cast("ImageFile", getattr(import_module(module), name)(BytesIO(data)))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        if "unknown pixel mode" in str(error):  # a valid TIFF, of 64-bit floats or five channels
            raise _unsupported(format_, "samples that Pillow does not know") from None
        raise _corrupt(format_, error) from None


def _rgb(image: ImageFile) -> Array:
    if image.mode.startswith("I;16"):
        high = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(high[:, :, None], 3, axis=2)
    if image.mode == "P" and "transparency" in image.info:
        return np.asarray(image.convert("RGBA"))[:, :, :3]
    return np.asarray(image.convert("RGB"))


def _unsupported(format_: ImageFormat, what: str) -> UnsupportedSource:
    return UnsupportedSource(f"the {format_.upper()} holds {what}; store 8 or 16 bits a sample")


def _corrupt(format_: ImageFormat, error: Exception) -> CorruptSource:
    return CorruptSource(
        f"the {format_.upper()} is truncated or damaged ({error or type(error).__name__}); "
        "upload it again"
    )
