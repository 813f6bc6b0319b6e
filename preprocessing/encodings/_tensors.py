"""Base of the uncompressed tensors: a header of known length, then little-endian samples.

If the shape is known before the object is read, so is the size, which makes HEAD, LIST and Range cheap.
The result is computed directly into the body, without a copy.
"""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from preprocessing.encodings._base import Buffer, Encoding
from preprocessing.frozen import frozen
from preprocessing.limits import nbytes
from preprocessing.media import DType, Kind, Layout, known

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.media import Array, Spec


@frozen
class TensorEncoding(Encoding):
    """Base of the uncompressed encodings.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of the axes of images and frames. ``chw`` is PyTorch's and always has a channel axis;
        ``hwc`` is NumPy's, without a channel axis for gray. Other kinds ignore it.
    """

    input_kinds: ClassVar[tuple[Kind, ...]] = (
        "image",
        "video",
        "audio",
        "index",
        "spectrogram",
        "tokens",
        "views",
    )
    layout: Layout = "chw"

    @property
    def axes(self) -> Layout:
        return self.layout

    @abstractmethod
    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        """Return the bytes before the samples; their number is a multiple of 8, for alignment."""

    def head(self, spec: Spec, shape: tuple[int, ...]) -> bytes:
        """Return the header for an array of `spec` that has this shape as the caller sees it."""
        return self.header(shape, spec.dtype)

    def accept(self, spec: Spec) -> None:
        """Accept any array of numbers."""

    def nbytes(self, spec: Spec) -> int | None:
        shape = known(self.shape(spec))
        if shape is None:
            return None
        return len(self.head(spec, shape)) + prod(shape) * np.dtype(spec.dtype).itemsize

    def holds(self, spec: Spec) -> int:
        """Return 0 if the result is computed into the body, otherwise the size of the body."""
        return nbytes(spec) if known(spec.shape) is None else 0

    def frame(self, shape: tuple[int, ...], dtype: DType) -> bytearray:
        """Return a body with its header and zeros as samples."""
        return _zeros(self.header(shape, dtype), shape, dtype)

    def samples(self, body: bytearray, shape: tuple[int, ...], dtype: DType) -> Array:
        """Return a writable view of the samples in a body of this shape and type."""
        return _samples(body, len(self.header(shape, dtype)), shape, dtype)

    def allocator(self, spec: Spec) -> Callable[[], Buffer] | None:
        shape = known(self.shape(spec))
        if shape is None:
            return None
        header = self.head(spec, shape)

        def allocate() -> Buffer:
            body = _zeros(header, shape, spec.dtype)
            samples = _samples(body, len(header), shape, spec.dtype)
            return Buffer(body, self.as_planned(samples, spec))

        return allocate

    def encode(self, array: Array, spec: Spec) -> bytearray:
        seen = self.as_seen(array, spec)
        header = self.head(spec, seen.shape)
        body = _zeros(header, seen.shape, spec.dtype)
        np.copyto(_samples(body, len(header), seen.shape, spec.dtype), seen)
        return body


def _zeros(header: bytes, shape: tuple[int, ...], dtype: DType) -> bytearray:
    body = bytearray(len(header) + prod(shape) * np.dtype(dtype).itemsize)
    body[: len(header)] = header
    return body


def _samples(body: bytearray, start: int, shape: tuple[int, ...], dtype: DType) -> Array:
    kind = np.dtype(dtype).newbyteorder("<")
    return np.ndarray(shape, kind, body, start)
