"""Safetensors."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from preprocessing.encodings._tensors import TensorEncoding
from preprocessing.frozen import frozen
from preprocessing.spec.step import require

if TYPE_CHECKING:
    from preprocessing.media import DType

# safetensors' names of sample types: its README, "Format"
DTYPES = {
    "uint8": "U8",
    "uint16": "U16",
    "float16": "F16",
    "float32": "F32",
    "int32": "I32",
}


@frozen
class Safetensors(TensorEncoding):
    """One tensor in the safetensors format: ``safetensors.numpy.load`` reads it.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of an image's axes, or a frame's. ``chw`` is PyTorch's and always has three; ``hwc`` is
        NumPy's, two for gray. Of sound and tokens it changes nothing.
    key : str
        Name of the tensor in the file.
    """

    name: ClassVar[str] = "safetensors"
    key: str = "image"
    content_type: ClassVar[str] = "application/x-safetensors"
    stacks: ClassVar[bool] = True

    def check(self) -> None:
        require(self.key not in ("", "__metadata__"), f"key: {self.key!r} cannot name a tensor")

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        """Length of a JSON table (8 bytes, little-endian), then the table padded to a multiple of 8."""
        size = prod(shape) * np.dtype(dtype).itemsize
        entry = {"dtype": DTYPES[dtype], "shape": shape, "data_offsets": [0, size]}
        table = json.dumps({self.key: entry}, separators=(",", ":")).encode()
        table += b" " * (-len(table) % 8)
        return len(table).to_bytes(8, "little") + table
