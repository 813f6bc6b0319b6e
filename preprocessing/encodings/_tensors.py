"""What uncompressed tensors have in common: a header of known length, then the samples, little-endian.

Their size is known before the object is read wherever the shape is, which is what makes HEAD, LIST and
Range cheap. The result is computed into the body itself; nothing is copied after it.
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
        Order of an image's axes, or a frame's. ``chw`` is PyTorch's and always has three; ``hwc`` is
        NumPy's, two for gray. Of sound and tokens it changes nothing.
    """

    input_kinds = ("image", "video", "audio", "spectrogram", "tokens")
    layout: Layout = "chw"

    @property
    def axes(self) -> Layout:
        return self.layout

    @abstractmethod
    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        """Return the bytes before the samples; a multiple of 8 long, so that these are aligned."""

    def accept(self, spec: Spec) -> None:
        """Any numbers can be written."""

    def nbytes(self, spec: Spec) -> int | None:
        shape = known(self.shape(spec))
        if shape is None:
            return None
        return len(self.header(shape, spec.dtype)) + prod(shape) * np.dtype(spec.dtype).itemsize

    def holds(self, spec: Spec) -> int:
        """Nothing where the result is computed into the body; else that."""
        return nbytes(spec) if known(spec.shape) is None else 0

    def frame(self, shape: tuple[int, ...], dtype: DType) -> bytearray:
        """Return a body whose header is in place, and whose samples are zero."""
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
