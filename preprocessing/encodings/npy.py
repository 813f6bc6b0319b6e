"""NumPy's file format."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from preprocessing.encodings._tensors import TensorEncoding
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from preprocessing.media import DType


@frozen
class Npy(TensorEncoding):
    """NumPy's file format 1.0, which ``numpy.load`` reads.

    Parameters
    ----------
    layout : {"chw", "hwc"}
        Order of the axes of images and frames. ``chw`` is PyTorch's and always has a channel axis;
        ``hwc`` is NumPy's, without a channel axis for gray. Other kinds ignore it.
    """

    name: ClassVar[str] = "npy"
    content_type: ClassVar[str] = "application/x-npy"
    stacks: ClassVar[bool] = True

    def header(self, shape: tuple[int, ...], dtype: DType) -> bytes:
        return _npy_header(shape, dtype)


@lru_cache(maxsize=256)
def _npy_header(shape: tuple[int, ...], dtype: DType) -> bytes:
    stream = BytesIO()
    descr = np.dtype(dtype).newbyteorder("<").str
    np.lib.format.write_array_header_1_0(
        stream, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()
