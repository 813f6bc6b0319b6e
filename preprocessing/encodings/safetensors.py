"""The safetensors format."""

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

# Names of sample types: README of safetensors, "Format"
DTYPES = {
    "uint8": "U8",
    "uint16": "U16",
    "float16": "F16",
    "float32": "F32",
    "int32": "I32",
}


@frozen
class Safetensors(TensorEncoding):
    """One tensor in the safetensors format, which ``safetensors.numpy.load`` reads.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of the axes of images and frames. ``chw`` is PyTorch's and always has a channel axis;
        ``hwc`` is NumPy's, without a channel axis for gray. Other kinds ignore it.
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
        """Return the length of a JSON table in 8 bytes, then the table, padded to a multiple of 8."""
        size = prod(shape) * np.dtype(dtype).itemsize
        entry = {"dtype": DTYPES[dtype], "shape": shape, "data_offsets": [0, size]}
        table = json.dumps({self.key: entry}, separators=(",", ":")).encode()
        table += b" " * (-len(table) % 8)
        return len(table).to_bytes(8, "little") + table
