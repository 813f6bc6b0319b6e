"""Stages that change each pixel in place: `Luma`, `Replicate`, `ScaleShift`, `Cast`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.image import pointwise
from preprocessing.limits import nbytes
from preprocessing.planner.stages.base import Stage

if TYPE_CHECKING:
    from preprocessing.geometry.matrices import Coefficients
    from preprocessing.media import Array, DType, ImageSpec


class _InPlace(Stage):
    """Stage whose result shows the same places."""

    def matrix(self, spec: ImageSpec) -> Coefficients:
        return IDENTITY


@frozen
class Luma(_InPlace):
    """Convert RGB to one channel, the luma of BT.601."""

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, channels=1)

    @property
    def fills(self) -> bool:
        return True

    def apply(self, image: Array, out: Array | None = None) -> Array:
        result = np.empty((*image.shape[:2], 1), image.dtype) if out is None else out
        pointwise.luma(image, result)
        return result


@frozen
class Replicate(_InPlace):
    """Repeat one channel. The result is a view."""

    channels: int

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, channels=self.channels)

    def holds(self, spec: ImageSpec) -> int:
        return 0

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return np.broadcast_to(image, (*image.shape[:2], self.channels))


@frozen
class ScaleShift(_InPlace):
    """Scale and shift each channel; the result is float32."""

    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, dtype="float32")

    @property
    def fills(self) -> bool:
        return True

    def apply(self, image: Array, out: Array | None = None) -> Array:
        if out is None:
            height, width, channels = image.shape
            out = np.empty((channels, height, width), np.float32).transpose(1, 2, 0)
        pointwise.affine(image, self.scale, self.shift, out)
        return out


@frozen
class Cast(_InPlace):
    """Change the sample type."""

    dtype: DType
    scale: bool

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, dtype=self.dtype)

    def holds(self, spec: ImageSpec) -> int:
        if spec.dtype == self.dtype:
            return 0
        return nbytes(self.output(spec))

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return pointwise.convert(image, self.dtype, scale=self.scale)
