"""Base class of the encodings."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from preprocessing.frozen import frozen
from preprocessing.limits import nbytes
from preprocessing.media import ImageSpec, Kind, Layout, known
from preprocessing.spec.step import StepBase

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing.media import Array, Shape, Spec
    from preprocessing.spec.view_specs import SectionsSpec


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


class Encoding(StepBase):
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

    def allocator(self, spec: Any) -> Callable[[], Buffer] | None:
        """Return what makes a body for the last stage to write into; None if there is none."""
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

    def shapes(self, spec: SectionsSpec) -> dict[str, Shape]:
        """Return the shape of each section's array as the caller sees it, by the section's key."""
        return {key: self.shape(views) for key, views in spec.sections}

    def parts(self, array: Array, spec: SectionsSpec) -> dict[str, Array]:
        """Return views of each section's samples, with the caller's axes, by the section's key.

        Parameters
        ----------
        array : ndarray, shape (samples,)
        spec : SectionsSpec
            Its sizes are known.
        """
        found, start = {}, 0
        for key, sides in self.shapes(spec).items():
            shape = known(sides)
            assert shape is not None
            found[key] = array[start : start + prod(shape)].reshape(shape)
            start += prod(shape)
        return found

    def as_planned(self, array: Array, spec: Spec) -> Array:
        """Return a view, with the axes of `spec`, of the caller's array."""
        if not isinstance(spec, ImageSpec):
            return array
        if self.axes == "chw":
            *frames, channels, rows, columns = range(array.ndim)
            return array.transpose(*frames, rows, columns, channels)
        return array[..., None] if array.ndim < len(spec.shape) else array

    def as_seen(self, array: Array, spec: Spec) -> Array:
        """Return a view, with the caller's axes, of an array that has the axes of `spec`."""
        if not isinstance(spec, ImageSpec):
            return array
        if self.axes == "chw":
            *frames, rows, columns, channels = range(array.ndim)
            return array.transpose(*frames, channels, rows, columns)
        return array[..., 0] if spec.channels == 1 else array
