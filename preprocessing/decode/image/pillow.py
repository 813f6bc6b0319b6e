"""Decoding by Pillow's plugins, and conversion of Pillow's images to RGB.

Plugins are used directly: ``Image.open`` imports all of them, and warns about large images by its own
global limit before our limit is checked.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, cast

import numpy as np

from preprocessing.decode.image.faults import cut, damaged
from preprocessing.errors import CorruptSource, IncompatibleSource, UnsupportedSource
from preprocessing.kernels.image.pointwise import convert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from preprocessing.media import Array, DType

# Plugins that are not Pillow's own, and their formats' names.
_MODULES = {"Heif": "pillow_heif"}
_NAMES = {"Heif": "HEIC"}
# Pillow's modes that have one number for each pixel: bits, gray, and indices into a palette.
_ID_MODES = ("1", "L", "P", "I;16", "I;16B", "I;16L", "I;16N")

# TIFF 6.0, tag 274.
_ORIENTATION = 0x0112


def open_image(data: bytes, plugin: str) -> ImageFile:
    """Open an image and read its header, without decoding pixels.

    Parameters
    ----------
    data : bytes
    plugin : str
        Pillow's name for the format, as in ``WebPImagePlugin``.

    Raises
    ------
    CorruptSource
    """
    # Pillow warns about damaged EXIF. Where that matters, an error is raised here.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        module = _MODULES.get(plugin, f"PIL.{plugin}ImagePlugin")
        reader = getattr(import_module(module), f"{plugin}ImageFile")
        return cast("ImageFile", reader(BytesIO(data)))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        raise _fault(plugin, error) from None


def decode(data: bytes, plugin: str) -> Array:
    """Decode to uint8, (H, W, 3), before orientation.

    Raises
    ------
    CorruptSource
    """
    image = open_image(data, plugin)
    claimed = image.size
    try:
        image.load()
        pixels = rgb_of_image(image)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        raise _fault(plugin, error) from None
    if image.size != claimed:
        raise damaged(_named(plugin), f"its picture is not of the size {claimed} in its header")
    return pixels


def _fault(plugin: str, error: Exception) -> CorruptSource:
    what = str(error) or type(error).__name__
    return (cut if "truncated" in what else damaged)(_named(plugin), what)


def _named(plugin: str) -> str:
    """Return the name of a plugin's format."""
    return _NAMES.get(plugin, plugin.upper())


def pixels_of_image(image: Image, dtype: str = "uint8") -> Array:
    """Return the pixels of an image that the caller opened: upright, (H, W, 3).

    The result is the same as from its file, but only damage that Pillow detects is reported, and Pillow
    has read 16 bits of gray only.

    Parameters
    ----------
    image : Image
    dtype : {"uint8", "uint16", "float32"}
        Of the result; other types of other kinds count as uint8.

    Raises
    ------
    CorruptSource, IncompatibleSource, UnsupportedSource
    """
    from PIL import ImageOps  # noqa: PLC0415  heavy

    deep = dtype in ("uint16", "float32")
    if image.mode == "I" or (image.mode == "F" and dtype != "float32"):
        raise UnsupportedSource(
            f"the image has Pillow's mode {image.mode}, with samples of 32 bits, which have no agreed "
            "range; convert it to 8 or 16 bits per sample"
        )
    with loading_errors():
        upright = ImageOps.exif_transpose(image)
        if not deep or not (image.mode == "F" or image.mode.startswith("I;16")):
            pixels: Array = rgb_of_image(upright)
        else:
            gray = np.asarray(upright).astype(np.float32 if image.mode == "F" else np.uint16)
            return convert(np.repeat(gray[:, :, None], 3, axis=2), cast("DType", dtype), scale=True)
    if dtype == "uint16":
        pixels = pixels * np.uint16(257)
    return convert(pixels, cast("DType", dtype), scale=True) if deep else pixels


def ids_of_image(image: Image) -> Array:
    """Return the class ids of an image that the caller opened: upright, uint8 or uint16, (H, W, 1).

    Raises
    ------
    CorruptSource, IncompatibleSource, UnsupportedSource
    """
    if image.mode not in _ID_MODES:
        raise UnsupportedSource(
            f"the image has Pillow's mode {image.mode}, which is not one class id for each pixel; "
            "pass a palette or gray image, or an array of the ids"
        )
    from PIL import ImageOps  # noqa: PLC0415  heavy

    with loading_errors():
        ids = np.asarray(ImageOps.exif_transpose(image))
    return ids.astype(np.uint16 if image.mode.startswith("I;16") else np.uint8)[:, :, None]


@contextmanager
def loading_errors() -> Iterator[None]:
    """Translate what Pillow raises for an image that the caller opened."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        what = str(error) or type(error).__name__
        if "closed" in what:
            raise IncompatibleSource("the image is closed; pass it while it is open") from error
        raise CorruptSource(f"the image cannot be loaded ({what})") from error


def turn_of_image(image: Image) -> int:
    """Return the EXIF orientation by which `pixels_of_image` turns an image, 1 to 8.

    Only a JPEG's is known before its pixels are loaded: that of a PNG may be at its end, and Pillow
    turns those of a TIFF when it loads them.
    """
    if image.format not in ("JPEG", "MPO"):
        image.load()
    # Pillow looks it up in a dict, where a rational 6/1 is 6.
    return {turn: turn for turn in range(1, 9)}.get(image.getexif().get(_ORIENTATION, 1), 1)


def rgb_of_image(image: Image) -> Array:
    """Convert a loaded image to RGB by the rules in `decoder`: uint8, (H, W, 3)."""
    if image.mode.startswith("I;16"):
        high = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(high[:, :, None], 3, axis=2)
    if image.mode in ("P", "PA", "RGBa"):  # the colours under the alpha are kept
        image = image.convert("RGBA")
    elif image.mode == "La":
        image = image.convert("LA")
    pixels = np.asarray(image if image.mode in ("RGB", "RGBA", "RGBX") else image.convert("RGB"))
    return pixels[:, :, :3]
