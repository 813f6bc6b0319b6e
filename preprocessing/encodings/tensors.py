"""Uncompressed tensors: a header of known length, then the samples, little-endian.

Their size is known before the object is read wherever the shape is, which is what makes HEAD, LIST and
Range cheap. The result is computed into the body itself; nothing is copied after it.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from preprocessing.encodings.base import Buffer, Encoding
from preprocessing.grammar.step import require
from preprocessing.media import DType, ImageSpec, Layout

if TYPE_CHECKING:
    from preprocessing.media import Array

# safetensors' names of sample types: its README, "Format"
_SAFETENSORS_DTYPES = {"uint8": "U8", "uint16": "U16", "float16": "F16", "float32": "F32"}


@dataclass(frozen=True, repr=False)
class TensorEncoding(Encoding):
    """Base of the uncompressed encodings.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of the axes. ``chw`` is PyTorch's and always has three; ``hwc`` is NumPy's, two for gray.
    """

    layout: Layout = "chw"

    @property
    def axes(self) -> Layout:
        return self.layout

    @abstractmethod
    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        """Return the bytes before the samples; a multiple of 8 long, so that these are aligned."""

    def accept(self, spec: ImageSpec) -> None:
        """Any image can be written."""

    def nbytes(self, spec: ImageSpec) -> int | None:
        shape = _known(self.shape(spec))
        if shape is None:
            return None
        return len(self.header(shape, spec.dtype)) + prod(shape) * np.dtype(spec.dtype).itemsize

    def allocate(self, spec: ImageSpec) -> Buffer:
        shape = _known(self.shape(spec))
        assert shape is not None
        header = self.header(shape, spec.dtype)
        dtype = np.dtype(spec.dtype).newbyteorder("<")
        body = bytearray(len(header) + prod(shape) * dtype.itemsize)
        body[: len(header)] = header
        samples = np.frombuffer(body, dtype, offset=len(header)).reshape(shape)
        return Buffer(body, self.as_image(samples))

    def encode(self, image: Array) -> bytearray:
        height, width, channels = image.shape
        name: DType = image.dtype.name  # type: ignore[assignment]
        buffer = self.allocate(ImageSpec(height, width, channels, name))
        np.copyto(buffer.image, image)
        return buffer.body


@dataclass(frozen=True, repr=False)
class Npy(TensorEncoding):
    """NumPy's format 1.0: ``numpy.load`` reads it."""

    name: ClassVar[str] = "npy"
    content_type: ClassVar[str] = "application/x-npy"

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        return _npy_header(shape, dtype)


@dataclass(frozen=True, repr=False)
class Safetensors(TensorEncoding):
    """One tensor in the safetensors format: ``safetensors.numpy.load`` reads it.

    Parameters
    ----------
    key : str
        Name of the tensor in the file.
    """

    name: ClassVar[str] = "safetensors"
    key: str = "image"
    content_type: ClassVar[str] = "application/x-safetensors"

    def check(self) -> None:
        require(self.key not in ("", "__metadata__"), f"key: {self.key!r} cannot name a tensor")

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        """Length of a JSON table (8 bytes, little-endian), then the table padded to a multiple of 8."""
        import json  # noqa: PLC0415  npy, the usual one, needs none

        size = prod(shape) * np.dtype(dtype).itemsize
        entry = {"dtype": _SAFETENSORS_DTYPES[dtype], "shape": shape, "data_offsets": [0, size]}
        table = json.dumps({self.key: entry}, separators=(",", ":")).encode()
        table += b" " * (-len(table) % 8)
        return len(table).to_bytes(8, "little") + table


@dataclass(frozen=True, repr=False)
class Raw(TensorEncoding):
    """The samples alone; shape and type travel in the metadata."""

    name: ClassVar[str] = "raw"
    content_type: ClassVar[str] = "application/octet-stream"

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        return b""


@lru_cache(maxsize=256)
def _npy_header(shape: tuple[int, ...], dtype: DType) -> bytes:
    stream = BytesIO()
    descr = np.dtype(dtype).newbyteorder("<").str
    np.lib.format.write_array_header_1_0(
        stream, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


def _known(shape: tuple[int | None, ...]) -> tuple[int, ...] | None:
    known = tuple(side for side in shape if side is not None)
    return known if len(known) == len(shape) else None
