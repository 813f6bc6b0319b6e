"""What a caller may hand in as a source, made into one typed value."""

from __future__ import annotations

from os import PathLike, fspath, fstat
from typing import TypeAlias, cast, get_args

import numpy as np

from preprocessing.decode import probe
from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.media import Array, DType, ImageSpec, Limits
from preprocessing.stages import Decode

Source: TypeAlias = "bytes | bytearray | memoryview | str | PathLike[str] | Array"


@frozen
class Loaded:
    """A source that has passed the limits.

    Parameters
    ----------
    content : bytes or ndarray
        The encoded object, or pixels indexed (height, width, channel).
    spec : Decode or ImageSpec
        What its header says, or what the array is.
    """

    content: bytes | Array
    spec: Decode | ImageSpec


def read(source: Source, limits: Limits) -> Loaded:
    """Load a source, header checked.

    Raises
    ------
    OSError
        Where a path cannot be read.
    SourceError, IncompatibleSource, LimitExceeded
    """
    if isinstance(source, np.ndarray):
        return _array(source, limits)
    if isinstance(source, str | PathLike):
        source = _file(source, limits)
    data = bytes(source)
    return Loaded(data, Decode(probe(data, limits)))


def _file(path: str | PathLike[str], limits: Limits) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  pathlib takes 4 ms to import
        size = fstat(file.fileno()).st_size
        if size > limits.source_bytes:
            raise LimitExceeded(
                f"{fspath(path)} has {size} bytes, more than the limit of {limits.source_bytes}"
            )
        return file.read()


def _array(pixels: Array, limits: Limits) -> Loaded:
    image = pixels[:, :, None] if pixels.ndim == 2 else pixels
    if image.ndim != 3 or 0 in image.shape:
        raise IncompatibleSource(
            f"an image array has shape (height, width) or (height, width, channels), got {pixels.shape}"
        )
    if image.dtype.name not in get_args(DType):
        raise IncompatibleSource(
            f"an image array is one of {', '.join(get_args(DType))}, got {image.dtype.name}; convert it"
        )
    height, width, channels = image.shape
    if height * width > limits.pixels or max(height, width) > limits.side:
        raise LimitExceeded(
            f"the array has {width} x {height} pixels, more than the limit of {limits.pixels} in all "
            f"and {limits.side} a side"
        )
    spec = ImageSpec(height, width, channels, cast("DType", image.dtype.name))
    return Loaded(image, spec)
