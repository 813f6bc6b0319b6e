"""HorizontalFlip and VerticalFlip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.planner.stages import FlipStage, Stage
from preprocessing.transforms._base import MOVABLE, FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class HorizontalFlip(FixedTransform):
    """Flip the image left to right, as ``torchvision.transforms.v2.functional.horizontal_flip``.

    Exact.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "horizontal_flip"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (FlipStage("horizontal"),)


@frozen
class VerticalFlip(FixedTransform):
    """Flip the image upside down, as ``torchvision.transforms.v2.functional.vertical_flip``.

    Exact.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "vertical_flip"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (FlipStage("vertical"),)
