"""The orientation of an image, from EXIF and XMP, by Pillow's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

_TAG = 0x0112


def orientation_in(info: Mapping[str, Any]) -> int:
    """Return the orientation in an image's metadata, 1 to 8; 1 if it has none or an invalid one.

    Parameters
    ----------
    info : mapping
        Metadata under Pillow's names: ``exif`` and ``xmp`` as bytes, ``XML:com.adobe.xmp`` and
        ``Raw profile type exif`` as text. XMP is used if EXIF has no orientation.
    """
    if not info:
        return 1
    from PIL import Image  # noqa: PLC0415  some formats do not need Pillow otherwise

    bare = Image.Image()
    bare.info.update(info)
    return orientation_of(bare)


def orientation_of(image: Image) -> int:
    """Return the orientation of an open image, 1 to 8, by the rules of `orientation_in`."""
    from PIL.Image import Image  # noqa: PLC0415  loaded with `image`

    try:
        # Not image.getexif(): a PNG's would decode every pixel.
        value = Image.getexif(image).get(_TAG, 1)
    except Exception:  # damaged EXIF does not affect the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
