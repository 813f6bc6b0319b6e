"""Masks: image files whose pixels are class ids.

The result has the numbers that the file stores, one for each pixel: the indices of a palette, or gray
without a change of scale, upright as an image would be. A palette's colours and its transparency are
ignored. Files with several samples per pixel, or with lossy compression, are refused.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.decode.image import decoder
from preprocessing.decode.image.faults import LOSSLESS
from preprocessing.errors import UnsupportedSource

if TYPE_CHECKING:
    from preprocessing.decode.image.header import ImageHeader
    from preprocessing.limits import Limits
    from preprocessing.media import Array

# Formats that cannot hold class ids, and why.
_NEVER = {
    "jpeg": "is compressed with loss, which changes class ids",
    "webp": "has colours and no class ids",
    "avif": "has colours and no class ids",
    "heic": "has colours and no class ids",
}
_BYTE = 8


def probe_index(data: bytes, format_: str, limits: Limits, most_bits: int) -> ImageHeader:
    """Read the header.

    Parameters
    ----------
    data : bytes
        The whole object.
    format_ : str
    limits : Limits
    most_bits : {8, 16}
        Bits of the largest class id that the pipeline takes.

    Raises
    ------
    UnsupportedSource
        If the file does not have one class id for each pixel, or these have more bits.
    CorruptSource, LimitExceeded
    """
    if format_ in _NEVER:
        raise UnsupportedSource(f"the {format_.upper()} {_NEVER[format_]}; {LOSSLESS}")
    header = decoder.probe(data, format_, limits)
    bits: int = _module(format_).index_bits(data)
    name = format_.upper()
    if not bits:
        raise UnsupportedSource(
            f"the {name} has several samples per pixel ({header.colorspace}), not one class id; map the "
            f"colours to ids, and {LOSSLESS}"
        )
    if bits > most_bits:
        raise UnsupportedSource(
            f"the {name} has class ids of {bits} bits, and the pipeline takes {most_bits}; begin it "
            "with index:uint16/"
        )
    return header


def decode_index(data: bytes, header: ImageHeader) -> Array:
    """Decode an object that `probe_index` has accepted.

    Returns
    -------
    ndarray
        Of shape (height, width, 1), uint8 or uint16, upright.

    Raises
    ------
    CorruptSource
    """
    stored: Array = _module(header.format).decode_index(data)
    return header.upright(np.asarray(stored)[:, :, None])


def _module(format_: str) -> Any:
    return import_module(f"preprocessing.decode.image.{format_}")
