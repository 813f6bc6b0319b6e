"""Samples without a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.encodings._tensors import TensorEncoding
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import DType


@frozen
class Raw(TensorEncoding):
    """The samples without a header; shape and type are in the metadata.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of the axes of images and frames. ``chw`` is PyTorch's and always has a channel axis;
        ``hwc`` is NumPy's, without a channel axis for gray. Other kinds ignore it.
    """

    name: ClassVar[str] = "raw"
    content_type: ClassVar[str] = "application/octet-stream"

    @property
    def suffix(self) -> str:
        return "bin"

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        return b""
