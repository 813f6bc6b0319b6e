"""Stages that move pixels without changing them: `CropStage`, `PadStage`, `FlipStage`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import scale_then_move
from preprocessing.planner.stages.base import Stage

if TYPE_CHECKING:
    from preprocessing.geometry.matrices import Coefficients
    from preprocessing.media import Array, ImageSpec

PadMode: TypeAlias = Literal["constant", "edge", "reflect", "symmetric"]


@frozen
class CropStage(Stage):
    """Crop to a rectangle inside the image. The result is a view."""

    top: int
    left: int
    height: int
    width: int

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self.height, width=self.width)

    def holds(self, spec: ImageSpec) -> int:
        return 0

    def matrix(self, spec: ImageSpec) -> Coefficients:
        return scale_then_move(1.0, 1.0, -float(self.left), -float(self.top))

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


@frozen
class PadStage(Stage):
    """Add pixels on each side. The result is a copy."""

    left: int
    top: int
    right: int
    bottom: int
    fill: float
    mode: PadMode

    def output(self, spec: ImageSpec) -> ImageSpec:
        assert spec.height and spec.width
        return replace(
            spec,
            height=spec.height + self.top + self.bottom,
            width=spec.width + self.left + self.right,
        )

    def matrix(self, spec: ImageSpec) -> Coefficients:
        return scale_then_move(1.0, 1.0, float(self.left), float(self.top))

    def apply(self, image: Array, out: Array | None = None) -> Array:
        widths = ((self.top, self.bottom), (self.left, self.right), (0, 0))
        if self.mode == "constant":
            return np.pad(image, widths, constant_values=_representable(self.fill, image.dtype))
        return np.pad(image, widths, mode=self.mode)


@frozen
class FlipStage(Stage):
    """Flip along one axis. The result is a view."""

    direction: Literal["horizontal", "vertical"]

    def output(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def holds(self, spec: ImageSpec) -> int:
        return 0

    def matrix(self, spec: ImageSpec) -> Coefficients:
        assert spec.height and spec.width
        if self.direction == "horizontal":
            return scale_then_move(-1.0, 1.0, float(spec.width), 0.0)
        return scale_then_move(1.0, -1.0, 0.0, float(spec.height))

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return image[:, ::-1] if self.direction == "horizontal" else image[::-1]


def _representable(fill: float, dtype: np.dtype[Any]) -> float:
    limits = np.iinfo(dtype) if dtype.kind == "u" else np.finfo(dtype)
    value = min(max(fill, float(limits.min)), float(limits.max))
    return int(value) if dtype.kind == "u" else value
