"""ToDtype."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.media import SampleType
from preprocessing.planner.stages import Cast, Stage
from preprocessing.transforms._base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class ToDtype(FixedTransform):
    """Change the sample type, as ``torchvision.transforms.v2.ToDtype``.

    Parameters
    ----------
    dtype : {"uint8", "uint16", "float16", "float32"}
        Type of the result.
    scale : bool
        Whether values are mapped from the range of one type to that of the other: [0, 1] for floats,
        all values for integers.

    Notes
    -----
    Equal to torchvision's ``to_dtype`` for values in range; other values are clipped. Two roundings
    differ: an integer scaled to a float is within 1e-7 of the range, and a float16 scaled to an integer
    within one level, because torchvision multiplies in float16.
    """

    name: ClassVar[str] = "to_dtype"
    dtype: SampleType
    scale: bool = False

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, dtype=self.dtype)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return () if spec.dtype == self.dtype else (Cast(self.dtype, scale=self.scale),)
