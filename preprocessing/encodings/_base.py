"""Base class of the encodings."""

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
        The whole body, with its header.
    array : ndarray
        A writable view of its samples, with the axes of the spec.
    """

    body: bytearray
    array: Array


class Encoding(Step):
    """The last step of a pipeline: it writes the result as bytes."""

    content_type: ClassVar[str]
    input_kinds: ClassVar[tuple[Kind, ...]]
    stacks: ClassVar[bool] = False
    """Whether one body can hold many results of one shape, stacked along its first axis."""

    @property
    def suffix(self) -> str:
        """File name extension, without the dot."""
        return self.name

    @property
    def axes(self) -> Layout:
        """Order of an image's axes in the caller's array; for image files, rows of pixels."""
        return "hwc"

    @abstractmethod
    def accept(self, spec: Any) -> None:
        """Raise IncompatibleSource unless `spec`, of a kind in `input_kinds`, can be written."""

    @abstractmethod
    def encode(self, array: Array, spec: Any) -> bytes | bytearray:
        """Return the body for an array.

        Parameters
        ----------
        array : ndarray
            With the axes of `spec`.
        spec : Spec
            As planned; sizes that the plan did not know are those of the array.
        """

    def nbytes(self, spec: Any) -> int | None:
        """Return the length of the body for `spec`; None if it depends on the content."""
        return None

    def holds(self, spec: Any) -> int:
        """Return the most bytes that encoding allocates at once, the body included, the array excluded.

        By default twice the array, for the body and one copy.
        """
        return 2 * nbytes(spec)

    def allocate(self, spec: Any) -> Buffer | None:
        """Return a body that the last stage can write into; None if there is none."""
        return None

    def shape(self, spec: Spec) -> Shape:
        """Return the shape of the array that the caller sees.

        For images and videos, ``chw`` is PyTorch's order and always has a channel axis. ``hwc`` is that
        of NumPy and scikit-image, where a gray image has none. Other kinds have the shape of the spec.
        """
        if not isinstance(spec, ImageSpec):
            return spec.shape
        *frames, height, width, channels = spec.shape
        if self.axes == "chw":
            return (*frames, channels, height, width)
        gray = spec.channels == 1
        return (*frames, height, width) if gray else (*frames, height, width, channels)

    def as_planned(self, array: Array, spec: Spec) -> Array:
        """Return a view, with the axes of `spec`, of the caller's array."""
        if not isinstance(spec, ImageSpec):
            return array
        if self.axes == "chw":
            return np.moveaxis(array, -3, -1)
        return array[..., None] if array.ndim < len(spec.shape) else array

    def as_seen(self, array: Array, spec: Spec) -> Array:
        """Return a view, with the caller's axes, of an array that has the axes of `spec`."""
        if not isinstance(spec, ImageSpec):
            return array
        if self.axes == "chw":
            return np.moveaxis(array, -1, -3)
        return array[..., 0] if spec.channels == 1 else array
