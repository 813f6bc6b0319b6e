"""Base of the uncompressed tensors: a header of known length, then little-endian samples.

If the shape is known before the object is read, so is the size, which makes HEAD, LIST and Range cheap.
The result is computed directly into the body, without a copy.
"""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encodings._base import Buffer, Encoding
from preprocessing.frozen import frozen
from preprocessing.limits import nbytes
from preprocessing.media import DType, Layout, known

if TYPE_CHECKING:
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

    input_kinds = ("image", "video", "audio", "spectrogram", "tokens")
    layout: Layout = "chw"

    @property
    def axes(self) -> Layout:
        return self.layout

    @abstractmethod
    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        """Return the bytes before the samples; their number is a multiple of 8, for alignment."""

    def accept(self, spec: Spec) -> None:
        """Accept any array of numbers."""

    def nbytes(self, spec: Spec) -> int | None:
        shape = known(self.shape(spec))
        if shape is None:
            return None
        return len(self.header(shape, spec.dtype)) + prod(shape) * np.dtype(spec.dtype).itemsize

    def holds(self, spec: Spec) -> int:
        """Return 0 if the result is computed into the body, otherwise the size of the body."""
        return nbytes(spec) if known(spec.shape) is None else 0

    def frame(self, shape: tuple[int, ...], dtype: DType) -> bytearray:
        """Return a body with its header and zeros as samples."""
        header = self.header(shape, dtype)
        body = bytearray(len(header) + prod(shape) * np.dtype(dtype).itemsize)
        body[: len(header)] = header
        return body

    def samples(self, body: bytearray, shape: tuple[int, ...], dtype: DType) -> Array:
        """Return a writable view of the samples in a body of this shape and type."""
        kind, start = np.dtype(dtype).newbyteorder("<"), len(self.header(shape, dtype))
        return np.frombuffer(body, kind, offset=start).reshape(shape)

    def allocate(self, spec: Spec) -> Buffer | None:
        shape = known(self.shape(spec))
        if shape is None:
            return None
        body = self.frame(shape, spec.dtype)
        return Buffer(body, self.as_planned(self.samples(body, shape, spec.dtype), spec))

    def encode(self, array: Array, spec: Spec) -> bytearray:
        seen = self.as_seen(array, spec)
        body = self.frame(seen.shape, spec.dtype)
        np.copyto(self.samples(body, seen.shape, spec.dtype), seen)
        return body
