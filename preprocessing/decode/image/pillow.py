"""Decoding by Pillow's plugins, and conversion of Pillow's images to RGB.

Plugins are used directly: ``Image.open`` imports all of them, and warns about large images by its own
global limit before our limit is checked.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, cast

import numpy as np

from preprocessing.decode.image.faults import cut, damaged
from preprocessing.errors import CorruptSource, IncompatibleSource, UnsupportedSource

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from preprocessing.media import Array


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
        reader = getattr(import_module(f"PIL.{plugin}ImagePlugin"), f"{plugin}ImageFile")
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
    try:
        image.load()
        return rgb_of_image(image)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        raise _fault(plugin, error) from None


def _fault(plugin: str, error: Exception) -> CorruptSource:
    what = str(error) or type(error).__name__
    return (cut if "truncated" in what else damaged)(plugin.upper(), what)


def pixels_of_image(image: Image) -> Array:
    """Return the pixels of an image that the caller opened: upright, uint8, (H, W, 3).

    The result is the same as from its file, but only damage that Pillow detects is reported.

    Raises
    ------
    CorruptSource, IncompatibleSource, UnsupportedSource
    """
    from PIL import ImageOps  # noqa: PLC0415  heavy

    if image.mode in ("I", "F"):
        raise UnsupportedSource(
            f"the image has Pillow's mode {image.mode}, with samples of 32 bits, which have no agreed "
            "range; convert it to 8 or 16 bits per sample"
        )
    try:
        return rgb_of_image(ImageOps.exif_transpose(image))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise anything on hostile bytes
        what = str(error) or type(error).__name__
        if "closed" in what:
            raise IncompatibleSource("the image is closed; pass it while it is open") from error
        raise CorruptSource(f"the image cannot be loaded ({what})") from error


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
