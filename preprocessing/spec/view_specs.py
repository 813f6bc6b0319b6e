"""Specs of the views of an image: `ViewsSpec` of one section, `SectionsSpec` of several."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.media import ImageSpec, known, times

if TYPE_CHECKING:
    from preprocessing.media import DType, Kind, Shape


@frozen
class ViewsSpec(ImageSpec):
    """The shape and type of several views of one image: the spec of each, and their number.

    Parameters
    ----------
    height, width, channels, dtype
        Of a view.
    count : int
    """

    kind: ClassVar[Kind] = "views"
    count: int

    @property
    def shape(self) -> Shape:
        """Shape of the array: (views, height, width, channels)."""
        return (self.count, self.height, self.width, self.channels)

    def __str__(self) -> str:
        return f"{times(*self.shape)} {self.dtype}"


@frozen
class SectionsSpec:
    """The shape and type of the views of several sections, which have one dtype.

    Their array has one axis: the samples of the first section, then those of the next, each in the
    layout of the encoding.

    Parameters
    ----------
    sections : tuple of (str, ViewsSpec)
        Each section's key and views.
    """

    kind: ClassVar[Kind] = "sections"
    sections: tuple[tuple[str, ViewsSpec], ...]

    @property
    def dtype(self) -> DType:
        """Sample type of all sections."""
        return self.sections[0][1].dtype

    @property
    def shape(self) -> Shape:
        """Shape of the array: (samples,)."""
        shapes = [known(views.shape) for _, views in self.sections]
        sizes = [prod(shape) for shape in shapes if shape is not None]
        return (sum(sizes) if len(sizes) == len(shapes) else None,)

    def __str__(self) -> str:
        return ", ".join(f"{key} {views}" for key, views in self.sections)
