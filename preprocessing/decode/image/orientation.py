"""Orientation of a picture, from EXIF and XMP, by Pillow's own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

_TAG = 0x0112


def orientation_in(info: Mapping[str, Any]) -> int:
    """Return the orientation, 1 to 8; 1 where there is none or it makes no sense.

    Parameters
    ----------
    info : mapping
        Metadata under Pillow's names: ``exif`` and ``xmp`` as bytes, ``XML:com.adobe.xmp`` and
        ``Raw profile type exif`` as text. EXIF comes first, and XMP where EXIF does not say.
    """
    if not info:
        return 1
    from PIL import Image  # noqa: PLC0415  some formats need no Pillow otherwise

    bare = Image.Image()
    bare.info.update(info)
    return orientation_of(bare)


def orientation_of(image: Image) -> int:
    """Return what the metadata of an open image says, as orientation_in does."""
    from PIL.Image import Image  # noqa: PLC0415  loaded with `image`

    try:
        # Not image.getexif(): a PNG's would decode every pixel.
        value = Image.getexif(image).get(_TAG, 1)
    except Exception:  # a damaged EXIF block does not spoil the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
