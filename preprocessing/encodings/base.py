"""What an output encoding is."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.grammar.step import Step
from preprocessing.media import Layout

if TYPE_CHECKING:
    from preprocessing.media import Array, ImageSpec


@frozen
class Buffer:
    """An encoded body whose samples are still to be written.

    Parameters
    ----------
    body : bytearray
        The whole body, its header already in place.
    image : ndarray
        A writable view of the samples in it, indexed (height, width, channel).
    """

    body: bytearray
    image: Array


class Encoding(Step):
    """The last word of a pipeline: how the result is written."""

    content_type: ClassVar[str]
    stacks: ClassVar[bool] = False
    """Whether a body can hold many results, and says by itself how many."""

    @property
    def suffix(self) -> str:
        """What the names of such files end in, after the dot."""
        return self.name

    @property
    def axes(self) -> Layout:
        """Order of the axes that the caller sees; image files have rows of pixels."""
        return "hwc"

    @abstractmethod
    def accept(self, spec: ImageSpec) -> None:
        """Raise IncompatibleSource unless an image of `spec` can be written."""

    @abstractmethod
    def encode(self, image: Array) -> bytes | bytearray:
        """Write an image indexed (height, width, channel)."""

    def nbytes(self, spec: ImageSpec) -> int | None:
        """Length of the body for `spec`, where that does not depend on the content."""
        return None

    def allocate(self, spec: ImageSpec) -> Buffer | None:
        """Return a body that the last stage can write into, where the encoding is uncompressed."""
        return None

    def shape(self, spec: ImageSpec) -> tuple[int | None, ...]:
        """Return the shape of the array that the caller sees.

        ``chw`` is PyTorch's order and always has three axes. ``hwc`` is that of NumPy and scikit-image,
        where a gray image has two.
        """
        if self.axes == "chw":
            return (spec.channels, spec.height, spec.width)
        gray = spec.channels == 1
        return (spec.height, spec.width) if gray else (spec.height, spec.width, spec.channels)

    def as_image(self, samples: Array) -> Array:
        """Return a view, indexed (height, width, channel), of the array that the caller sees."""
        if self.axes == "chw":
            return samples.transpose(1, 2, 0)
        return samples[:, :, None] if samples.ndim == 2 else samples
