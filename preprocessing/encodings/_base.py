"""What an output encoding is."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.limits import nbytes
from preprocessing.media import ImageSpec, Kind, Layout
from preprocessing.spec.step import Step

if TYPE_CHECKING:
    from preprocessing.media import Array, Shape, Spec


@frozen
class Buffer:
    """An encoded body whose samples are still to be written.

    Parameters
    ----------
    body : bytearray
        The whole body, its header already in place.
    array : ndarray
        A writable view of the samples in it, indexed as the spec tells.
    """

    body: bytearray
    array: Array


class Encoding(Step):
    """The last word of a pipeline: how the result is written."""

    content_type: ClassVar[str]
    input_kinds: ClassVar[tuple[Kind, ...]]
    stacks: ClassVar[bool] = False
    """Whether a body can hold many results, and says by itself how many."""

    @property
    def suffix(self) -> str:
        """What the names of such files end in, after the dot."""
        return self.name

    @property
    def axes(self) -> Layout:
        """Order of an image's axes that the caller sees; image files have rows of pixels."""
        return "hwc"

    @abstractmethod
    def accept(self, spec: Any) -> None:
        """Raise IncompatibleSource for a spec, of a kind in `input_kinds`, that cannot be written."""

    @abstractmethod
    def encode(self, array: Array, spec: Any) -> bytes | bytearray:
        """Write an array that is indexed as its spec tells.

        Parameters
        ----------
        array : ndarray
        spec : Spec
            What the plan told of it; what was not known there, the array tells.
        """

    def nbytes(self, spec: Any) -> int | None:
        """Length of the body for `spec`, where that does not depend on the content."""
        return None

    def holds(self, spec: Any) -> int:
        """Most bytes that encoding an array of `spec` holds at once: the body too, not the array.

        Here twice the array, for the body and a copy on the way to it.
        """
        return 2 * nbytes(spec)

    def allocate(self, spec: Any) -> Buffer | None:
        """Return a body that the last stage can write into, where that is possible."""
        return None

    def shape(self, spec: Spec) -> Shape:
        """Return the shape of the array that the caller sees.

        Of images and videos, ``chw`` is PyTorch's order and always has a channel's axis. ``hwc`` is
        that of NumPy and scikit-image, where a gray image has none. Others are as their spec tells.
        """
        if not isinstance(spec, ImageSpec):
            return spec.shape
        *frames, height, width, channels = spec.shape
        if self.axes == "chw":
            return (*frames, channels, height, width)
        gray = spec.channels == 1
        return (*frames, height, width) if gray else (*frames, height, width, channels)

    def as_planned(self, array: Array, spec: Spec) -> Array:
        """Return a view, indexed as `spec` tells, of the array that the caller sees."""
        if not isinstance(spec, ImageSpec):
            return array
        if self.axes == "chw":
            return np.moveaxis(array, -3, -1)
        return array[..., None] if array.ndim < len(spec.shape) else array

    def as_seen(self, array: Array, spec: Spec) -> Array:
        """Return a view, as the caller sees it, of an array that is indexed as `spec` tells."""
        if not isinstance(spec, ImageSpec):
            return array
        if self.axes == "chw":
            return np.moveaxis(array, -1, -3)
        return array[..., 0] if spec.channels == 1 else array
