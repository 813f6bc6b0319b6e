"""What a stage is; `Decode`, which comes before all, and `Call`, which runs any kernel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from preprocessing.decode import Header
from preprocessing.frozen import frozen
from preprocessing.media import DECODED, ImageSpec

if TYPE_CHECKING:
    from preprocessing.media import Array


@frozen
class Decode:
    """How the source is decoded; see `preprocessing.decode.decode`."""

    header: Header
    eighths: int = 8
    luma: bool = False

    def output(self) -> ImageSpec:
        """Return the spec of the decoded image."""
        height, width = (
            -(-side * self.eighths // 8) for side in (self.header.height, self.header.width)
        )
        return replace(DECODED, height=height, width=width, channels=1 if self.luma else 3)


class Stage(ABC):
    """One physical step. Printed, it shows the fields that are not as usual."""

    def __str__(self) -> str:
        kind: type[Any] = type(self)
        shown = [
            f"{field.name}={_brief(getattr(self, field.name))}"
            for field in fields(kind)
            if getattr(self, field.name) != field.default
        ]
        return f"{kind.__name__}({', '.join(shown)})"

    @abstractmethod
    def output(self, spec: ImageSpec) -> ImageSpec:
        """Return the spec of the result for an input of `spec`."""

    def pixels(self, spec: ImageSpec) -> int:
        """Most pixels that this stage holds at once for an input of `spec`, besides the input."""
        result = self.output(spec)
        assert result.height is not None and result.width is not None
        return result.height * result.width

    @abstractmethod
    def apply(self, image: Array, out: Array | None = None) -> Array:
        """Return the result, which is `out` where that was given and could be used."""


@frozen
class Call(Stage):
    """A kernel and its arguments: a new array, of an operation that no rule knows more of.

    Parameters
    ----------
    kernel : callable
        Takes the image and the arguments; gives a new array, or a view that nothing is written to.
    arguments : tuple
    result : ImageSpec
        What comes out. Sides that are None are those of the input.
    pointwise : bool
        Whether each pixel of the result depends on the same pixel of the input alone, so that what
        moves pixels may as well happen before.
    """

    kernel: Callable[..., Array]
    arguments: tuple[Any, ...]
    result: ImageSpec
    pointwise: bool = False

    def __str__(self) -> str:
        return f"{self.kernel.__name__}({', '.join(map(_brief, self.arguments))})"

    def output(self, spec: ImageSpec) -> ImageSpec:
        height, width = self.result.height or spec.height, self.result.width or spec.width
        return replace(self.result, height=height, width=width)

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return self.kernel(image, *self.arguments)


def _brief(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_brief, value))})"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
