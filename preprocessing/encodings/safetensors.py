"""The safetensors format."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from preprocessing.encodings._tensors import TensorEncoding
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.media import Kind, known
from preprocessing.spec.step import require
from preprocessing.spec.view_specs import SectionsSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.media import DType, Shape, Spec

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
    """The safetensors format, which ``safetensors.numpy.load`` reads: one tensor, or one per section.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of the axes of images and frames. ``chw`` is PyTorch's and always has a channel axis;
        ``hwc`` is NumPy's, without a channel axis for gray. Other kinds ignore it.
    key : str
        Name of the tensor in the file. Several sections of `Views` have the names of their own keys.
    """

    input_kinds: ClassVar[tuple[Kind, ...]] = (*TensorEncoding.input_kinds, "sections")

    name: ClassVar[str] = "safetensors"
    key: str = "image"
    content_type: ClassVar[str] = "application/x-safetensors"
    stacks: ClassVar[bool] = True

    def check(self) -> None:
        require(self.key not in ("", "__metadata__"), f"key: {self.key!r} cannot name a tensor")

    def accept(self, spec: Spec) -> None:
        if isinstance(spec, SectionsSpec) and self.key != type(self).key:
            raise IncompatibleSource(
                "key names a single tensor, and each section has its own; omit the encoding's key"
            )

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        return _header({self.key: shape}, dtype)

    def head(self, spec: Spec, shape: tuple[int, ...]) -> bytes:
        if isinstance(spec, SectionsSpec):
            return _header(self.shapes(spec), spec.dtype)
        return super().head(spec, shape)


def _header(shapes: Mapping[str, Shape], dtype: DType) -> bytes:
    """Return the length of a JSON table in 8 bytes, then the table, padded to a multiple of 8."""
    entries, start = {}, 0
    for key, sides in shapes.items():
        shape = known(sides)
        assert shape is not None
        end = start + prod(shape) * np.dtype(dtype).itemsize
        entries[key] = {"dtype": DTYPES[dtype], "shape": shape, "data_offsets": [start, end]}
        start = end
    table = json.dumps(entries, separators=(",", ":")).encode()
    table += b" " * (-len(table) % 8)
    return len(table).to_bytes(8, "little") + table
