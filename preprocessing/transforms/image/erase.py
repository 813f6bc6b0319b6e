"""Erase."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.image.geometry.erase import erase
from preprocessing.planner.stages import KernelStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import MAX_SIDE, FixedTransform, require_side_lengths
from preprocessing.transforms._checks import Fill, require_fill

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class Erase(FixedTransform):
    """Overwrite a rectangle, as ``torchvision.transforms.v2.functional.erase``.

    Parameters
    ----------
    top, left : int
        Upper left corner, in pixels of the image at this step.
    height, width : int
        Size of the rectangle, which may extend beyond the image.
    value : float or (float, float, float)
        Value that is written, in the units of the image at this step: one, or one per channel. For
        integers it is rounded towards zero and clipped.

    Notes
    -----
    Exact.

    Raises
    ------
    SpecError
        If a corner is negative, or a size below 1.
    """

    name: ClassVar[str] = "erase"
    top: int
    left: int
    height: int
    width: int
    value: Fill = 0.0

    def check(self) -> None:
        for side in ("height", "width"):
            value = getattr(self, side)
            require_side_lengths(side, value)
        for edge in ("top", "left"):
            value = getattr(self, edge)
            require(0 <= value <= MAX_SIDE, f"{edge}: must be from 0 to {MAX_SIDE}, got {value}")

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.value, spec)
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        box = (self.top, self.left, self.height, self.width)
        return (KernelStage(erase, (box, values), spec, IDENTITY),)
