"""Raw."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.encodings._tensors import TensorEncoding
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import DType


@frozen
class Raw(TensorEncoding):
    """The samples alone; shape and type travel in the metadata.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of an image's axes, or a frame's. ``chw`` is PyTorch's and always has three; ``hwc`` is
        NumPy's, two for gray. Of sound and tokens it changes nothing.
    """

    name: ClassVar[str] = "raw"
    content_type: ClassVar[str] = "application/octet-stream"

    @property
    def suffix(self) -> str:
        return "bin"

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        return b""
