"""Sources that are neither bytes nor paths: open files, Pillow images, and array-like objects."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.decode.image.pillow import pixels_of_image
from preprocessing.errors import EmptySource, IncompatibleSource, LimitExceeded
from preprocessing.limits import require_pixels
from preprocessing.media import Media

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import SourceKind

# Satellite images have about a dozen bands, and those of the finest spectrometers a few hundred.
_FEW_CHANNELS, _MOST_CHANNELS = 16, 512
_PIECE = 2**20


def bytes_or_media(source: Any, kind: SourceKind, limits: Limits) -> bytes | Media:
    """Return the content of a source: the bytes of a file, or an array as `Media` of the wanted kind.

    Raises
    ------
    IncompatibleSource
        If the source is something else, or a file that is closed or open in text mode.
    CorruptSource, EmptySource, UnsupportedSource, LimitExceeded
    """
    pillow = sys.modules.get("PIL.Image")  # if Pillow is not imported, the source is not its image
    if pillow is not None and isinstance(source, pillow.Image):
        require_pixels(source.height, source.width, limits, "the image has")
        return Media(pixels_of_image(source), "image")
    if hasattr(source, "read"):
        return _read(source, limits)
    gives = hasattr(source, "__array__") or hasattr(source, "__array_interface__")
    if not gives or isinstance(source, type):
        raise IncompatibleSource(
            "a source must be bytes, a path, a file open in binary mode, a Pillow image or an array, "
            f"got {type(source).__name__}{_hint(source)}"
        )
    try:
        array = np.asarray(source)
    except Exception as error:  # PyTorch's tensors raise TypeError and RuntimeError
        raise IncompatibleSource(
            f"the {type(source).__name__} cannot be converted to an array: {error}"
        ) from error
    return Media(array, kind)


def require_channels(shape: tuple[int, ...]) -> None:
    """Raise IncompatibleSource if channels seem to come first, or are more than any image has."""
    *before, height, width, channels = shape
    if channels > _FEW_CHANNELS and height <= _FEW_CHANNELS and height < width:
        axes = (*range(len(before)), *(len(before) + axis for axis in (1, 2, 0)))
        raise IncompatibleSource(
            f"an array of shape {tuple(shape)} would have {channels} channels; if its channels come "
            f"first, pass array.transpose({', '.join(map(str, axes))})"
        )
    if channels > _MOST_CHANNELS:
        raise IncompatibleSource(
            f"an array of shape {tuple(shape)} would have {channels} channels, more than "
            f"{_MOST_CHANNELS}; its last axes must be height, width and channels"
        )


def _read(file: Any, limits: Limits) -> bytes:
    """Read a file from its current position to its end, or up to the limit."""
    if getattr(file, "closed", False):
        raise IncompatibleSource("the file is closed; pass it while it is open")
    parts: list[bytes] = []
    size = 0
    while size <= limits.source_bytes:
        part = file.read(_PIECE)
        if not isinstance(part, bytes | bytearray | memoryview):
            how = (
                "in text mode; open it with mode 'rb'"
                if isinstance(part, str)
                else "in non-blocking mode, and has no data yet"
            )
            raise IncompatibleSource(f"the file is open {how}")
        if not part and not parts:
            raise EmptySource(
                "the file has no bytes left to read; if it was read before, call seek(0)"
            )
        if not part:
            return b"".join(parts)
        parts.append(bytes(part))
        size += len(part)
    raise LimitExceeded(
        f"the file has more bytes than the limit of {limits.source_bytes}; raise the limit or store a "
        "smaller file"
    )


def _hint(source: Any) -> str:
    if isinstance(source, list | tuple):
        return "; pass several sources to `batch`, and numbers as numpy.array(…)"
    return ""
