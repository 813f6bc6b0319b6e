"""`DecodeIndex`: the start of a plan for a mask of class ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from preprocessing.decode.image.header import ImageHeader
from preprocessing.decode.image.index import decode_index, probe_index
from preprocessing.frozen import frozen
from preprocessing.media import DType, IndexSpec
from preprocessing.planner.stages.base import Start

if TYPE_CHECKING:
    from preprocessing.decode.formats import Format
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content


@frozen
class DecodeIndex(Start):
    """Start that decodes class ids up to 255; see `preprocessing.decode.image.index`."""

    dtype: ClassVar[DType] = "uint8"
    header: ImageHeader

    def __str__(self) -> str:
        return f"DecodeIndex({self.header})"

    @classmethod
    def probe(cls, data: bytes, found: Format, limits: Limits) -> DecodeIndex:
        return cls(probe_index(data, found.name, limits, 8 * np.dtype(cls.dtype).itemsize))

    @property
    def orientation(self) -> int:
        return self.header.orientation

    def output(self) -> IndexSpec:
        return IndexSpec(self.header.height, self.header.width, 1, self.dtype)

    def holds(self) -> int:
        """Return the decoder's memory, which decodes to fewer bytes here, and the result."""
        return self.header.held + super().holds()

    def run(self, content: Content) -> Array:
        assert isinstance(content, bytes)
        return decode_index(content, self.header).astype(self.dtype, copy=False)


@frozen
class DecodeWideIndex(DecodeIndex):
    """Start that decodes class ids up to 65,535."""

    dtype: ClassVar[DType] = "uint16"
