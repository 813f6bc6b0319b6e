"""Conversion of palette indices to colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode.image.faults import damaged

if TYPE_CHECKING:
    from preprocessing.media import Array


def require_in_palette(name: str, colours: int, indices: Array) -> None:
    """Raise CorruptSource if an index is beyond a palette of so many colours."""
    if (last := int(indices.max())) >= colours:
        raise damaged(name, f"a pixel has colour {last}, but the palette has {colours} colours")


def looked_up(name: str, palette: Array, indices: Array) -> Array:
    """Return the colours of palette indices: uint8, (H, W, 3).

    Parameters
    ----------
    name : str
        Of the format, for the error.
    palette : ndarray
        Of shape (colours, 3), uint8.
    indices : ndarray
        Of shape (H, W), uint8.

    Raises
    ------
    CorruptSource
        If an index is beyond the palette.
    """
    require_in_palette(name, len(palette), indices)
    from PIL import Image  # noqa: PLC0415  heavy; three times as fast as NumPy

    image = Image.fromarray(np.ascontiguousarray(indices))
    image.putpalette(np.ascontiguousarray(palette).tobytes())
    return np.asarray(image.convert("RGB"))
