"""The orientation of a JPEG, from its EXIF or XMP."""

from __future__ import annotations


def jpeg_orientation(exif: bytes, xmp: bytes) -> int:
    """Return the orientation that ``PIL.ImageOps.exif_transpose`` would apply.

    Parameters
    ----------
    exif, xmp : bytes
        As Pillow collects them from the segments before the pixels; empty if there are none.

    Returns
    -------
    int
        1 to 8, as in EXIF; 1 if there is none or an invalid one.
    """
    if not exif and not xmp:
        return 1
    from PIL.Image import Exif, Image  # noqa: PLC0415  Pillow takes 20 ms to import

    image = Image()
    image._exif = Exif()
    image.info = {key: value for key, value in (("exif", exif), ("xmp", xmp)) if value}
    try:
        value = image.getexif().get(_TAG, 1)
        # Pillow looks it up in a dict, where a rational 6/1 is 6.
        return {turn: turn for turn in range(1, 9)}.get(value, 1)
    except Exception:  # damaged EXIF does not affect the pixels
        return 1


# TIFF 6.0, tag 274.
_TAG = 0x0112
