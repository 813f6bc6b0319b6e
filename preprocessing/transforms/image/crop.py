"""CenterCrop and Crop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.planner.stages import CropStage, PadStage, Stage
from preprocessing.transforms._base import (
    MOVABLE,
    FixedTransform,
    height_and_width,
    require_side_lengths,
)

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class CenterCrop(FixedTransform):
    """Crop the image at its centre, as ``torchvision.transforms.v2.CenterCrop``.

    Parameters
    ----------
    size : int or (int, int)
        Side of a square, or height and width. A smaller image is padded with zeros, half on each side.

    Notes
    -----
    Exact. The offset is half the margin, rounded by Python's ``round``, as in torchvision.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "center_crop"
    size: int | tuple[int, int]

    def check(self) -> None:
        require_side_lengths("size", self.size)

    @property
    def _sides(self) -> tuple[int, int]:
        return height_and_width(self.size)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self._sides[0], width=self._sides[1])

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        height, width = self._sides
        short_y, short_x = max(height - spec.height, 0), max(width - spec.width, 0)
        # torchvision: the odd pixel of the padding goes to the bottom and to the right.
        border = PadStage(
            short_x // 2, short_y // 2, (short_x + 1) // 2, (short_y + 1) // 2, 0.0, "constant"
        )
        top = round((spec.height + short_y - height) / 2.0)
        left = round((spec.width + short_x - width) / 2.0)
        window = CropStage(top, left, height, width)
        return (border, window) if short_x or short_y else (window,)


@frozen
class Crop(FixedTransform):
    """Crop the image to a given rectangle, as ``torchvision.transforms.v2.functional.crop``.

    Parameters
    ----------
    top, left : int
        Upper left corner, in pixels of the image at this step. May be negative.
    height, width : int
        Size of the result. Pixels outside the image are zero.

    Notes
    -----
    Exact.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "crop"
    top: int
    left: int
    height: int
    width: int

    def check(self) -> None:
        for side in ("height", "width"):
            value = getattr(self, side)
            require_side_lengths(side, value)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self.height, width=self.width)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        above, before = max(-self.top, 0), max(-self.left, 0)
        below = max(self.top + self.height - spec.height, 0)
        after = max(self.left + self.width - spec.width, 0)
        window = CropStage(self.top + above, self.left + before, self.height, self.width)
        if above or before or below or after:
            return (PadStage(before, above, after, below, 0.0, "constant"), window)
        return (window,)
