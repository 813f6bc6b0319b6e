"""Sources that are neither bytes nor paths: files, images of Pillow, and what gives an array."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.decode.image.pillow import pixels_of
from preprocessing.errors import EmptySource, IncompatibleSource, LimitExceeded
from preprocessing.limits import require_pixels
from preprocessing.media import Media

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import SourceKind

# Satellites' pictures have a dozen bands, and the finest spectrometers' some hundreds.
_FEW_CHANNELS, _MOST_CHANNELS = 16, 512
_PIECE = 2**20


def bytes_or_media(source: Any, kind: SourceKind, limits: Limits) -> bytes | Media:
    """Return what was handed in as bytes or as an array of the kind that is wanted.

    Raises
    ------
    IncompatibleSource
        For anything else, and for a file that is closed or open for text.
    CorruptSource, EmptySource, UnsupportedSource, LimitExceeded
    """
    pillow = sys.modules.get("PIL.Image")  # nobody has an image of it where it is not imported
    if pillow is not None and isinstance(source, pillow.Image):
        require_pixels(source.height, source.width, limits, "the image has")
        return Media(pixels_of(source), "image")
    if hasattr(source, "read"):
        return _read(source, limits)
    gives = hasattr(source, "__array__") or hasattr(source, "__array_interface__")
    if not gives or isinstance(source, type):
        raise IncompatibleSource(
            f"a source is bytes, a path, a file open for reading bytes, an image of Pillow or an array, "
            f"got {type(source).__name__}{_hint(source)}"
        )
    try:
        array = np.asarray(source)
    except Exception as error:  # PyTorch's tensors raise TypeError and RuntimeError
        raise IncompatibleSource(f"the {type(source).__name__} gives no array: {error}") from error
    return Media(array, kind)


def require_channels(shape: tuple[int, ...]) -> None:
    """Raise IncompatibleSource where channels seem to stand first, or are more than any image has."""
    *before, height, width, channels = shape
    if channels > _FEW_CHANNELS and height <= _FEW_CHANNELS and height < width:
        axes = (*range(len(before)), *(len(before) + axis for axis in (1, 2, 0)))
        raise IncompatibleSource(
            f"an array of shape {tuple(shape)} would have {channels} channels; it looks like channels "
            f"first: pass array.transpose({', '.join(map(str, axes))})"
        )
    if channels > _MOST_CHANNELS:
        raise IncompatibleSource(
            f"an array of shape {tuple(shape)} would have {channels} channels, more than "
            f"{_MOST_CHANNELS}; its axes are height, width and channels"
        )


def _read(file: Any, limits: Limits) -> bytes:
    """Read a file from where it stands to its end, no further than the limit."""
    if getattr(file, "closed", False):
        raise IncompatibleSource("the file is closed; pass it while it is open")
    parts: list[bytes] = []
    size = 0
    while size <= limits.source_bytes:
        part = file.read(_PIECE)
        if not isinstance(part, bytes | bytearray | memoryview):
            how = (
                "for text; open it with mode 'rb'" if isinstance(part, str) else "without blocking"
            )
            raise IncompatibleSource(f"the file is open {how}")
        if not part and not parts:
            raise EmptySource("the file has no bytes left to read; if it was read before, seek(0)")
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
        return "; give one source, many to `batch`, and numbers as numpy.array(…)"
    return ""
