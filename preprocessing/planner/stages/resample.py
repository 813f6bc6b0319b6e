"""`ResampleStage`: resizing, together with the crop, flip and normalisation after it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import scale_then_move
from preprocessing.kernels.image import pointwise
from preprocessing.kernels.image.geometry.resample import (
    Resampling,
    nearest_indices,
    precision,
    resample_temporaries,
)
from preprocessing.kernels.image.geometry.resampling_cache import ResamplingCache
from preprocessing.kernels.image.geometry.taps import Axis, Filter
from preprocessing.kernels.scratch import scratch
from preprocessing.limits import nbytes
from preprocessing.planner.stages.base import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.geometry.matrices import Coefficients
    from preprocessing.media import Array, DType, ImageSpec

Interpolation: TypeAlias = Literal["bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"]


@frozen
class ResampleStage(Stage):
    """Resample a box of the image to a size, and compute only a window of the result.

    Parameters
    ----------
    box : tuple of float
        Top, left, height, width of the source box in input pixels; may be fractional.
    size : (int, int)
        Height and width that the box is resampled to.
    window : tuple of int
        Top, left, height, width of the part of the resampled box to compute.
    filter : str
    antialias : bool
    dtype : str
        Type of the result.
    affine : tuple of two tuples of float, optional
        Scale and shift, one value per channel, applied to the unrounded result. `dtype` is then float32.
    mirror : (bool, bool)
        Whether to reverse the rows and the columns of the window.
    single : bool
        Whether to compute in single precision; for uint8 images only.
    """

    box: tuple[float, float, float, float]
    size: tuple[int, int]
    window: tuple[int, int, int, int]
    filter: Interpolation
    antialias: bool
    dtype: DType
    affine: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    mirror: tuple[bool, bool] = (False, False)
    single: bool = False

    @property
    def linear(self) -> bool:
        """Whether outputs are weighted sums of inputs, rather than single inputs."""
        return not self.filter.startswith("nearest")

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self.window[2], width=self.window[3], dtype=self.dtype)

    def matrix(self, spec: ImageSpec) -> Coefficients:
        (across, x), (down, y) = (self._along(axis) for axis in (1, 0))
        return scale_then_move(across, down, x, y)

    def _along(self, axis: int) -> tuple[float, float]:
        """Return the factor and the offset from inputs to outputs along rows (0) or columns (1)."""
        factor = self.size[axis] / self.box[axis + 2]
        offset = -self.box[axis] * factor - self.window[axis]
        return (-factor, self.window[axis + 2] - offset) if self.mirror[axis] else (factor, offset)

    @property
    def fills(self) -> bool:
        return self.linear and self.dtype != "float32"  # floats only if `out` is planar

    def holds(self, spec: ImageSpec) -> int:
        result = nbytes(self.output(spec))
        if not self.linear:
            return result
        assert spec.height is not None and spec.width is not None
        samples = (spec.height, spec.width, spec.channels)
        rows, columns = _axes(self, *samples[:2])
        how = precision(spec.dtype, columns.filter, single=self.single)
        return result + resample_temporaries(samples, rows, columns, how, self.dtype)

    def apply(self, image: Array, out: Array | None = None) -> Array:
        if not self.linear:
            return self._pick(image)
        channels = image.shape[2]
        shape = (channels, *self.window[2:])
        if self.dtype != "float32":
            planar = scratch("result", shape, "float32")
            self._resample(image, planar)
            return self._narrow(planar, out)
        target = _planar(out) if out is not None and _planar_float32(out) else np.empty(shape, "f4")
        self._resample(image, target)
        result = target.transpose(1, 2, 0)
        if self.affine is not None:
            if image.dtype.kind == "u" and self.filter != "bilinear":
                # Without the affine, rounding would clip the overshoot.
                np.clip(target, 0, np.iinfo(image.dtype).max, out=target)
            pointwise.affine(result, *self.affine, out=result)
        return result

    def _resample(self, image: Array, planar: NDArray[np.float32]) -> None:
        def prepare() -> Resampling:
            rows, columns = _axes(self, *image.shape[:2])
            name = image.dtype.name
            return Resampling(image.shape, name, rows, columns, single=self.single)

        key = self._identity, image.shape, image.dtype.char
        _prepared.get(key, prepare).run(image, planar)

    @cached_property
    def _identity(self) -> object:
        """Stands for the stage in the cache's keys: the hash of all its fields takes time."""
        return object()

    def _narrow(self, planar: NDArray[np.float32], out: Array | None) -> Array:
        channels, height, width = planar.shape
        result = np.empty((height, width, channels), self.dtype) if out is None else out
        if np.issubdtype(result.dtype, np.integer):
            # A triangle's weights are all positive, so the result cannot overshoot.
            within = self.filter == "bilinear"
            # One channel at a time; otherwise NumPy's inner loop is over a pixel's three samples.
            for channel in range(channels):
                pointwise.round_clip(planar[channel], result[:, :, channel], within=within)
        else:
            largest = np.finfo(np.float16).max
            np.clip(planar, -largest, largest, out=planar)
            np.copyto(result.transpose(2, 0, 1), planar, casting="same_kind")
        return result

    def _pick(self, image: Array) -> Array:
        centred = self.filter == "nearest_exact"
        top, left, height, width = self.window
        rows = nearest_indices(image.shape[0], self.size[0], centred=centred)[top : top + height]
        columns = nearest_indices(image.shape[1], self.size[1], centred=centred)[
            left : left + width
        ]
        flipped = (rows[::-1] if self.mirror[0] else rows)[:, None]
        return image[flipped, columns[::-1] if self.mirror[1] else columns]


_prepared = ResamplingCache()


def _axes(stage: ResampleStage, height: int, width: int) -> tuple[Axis, Axis]:
    """Return the rows and columns to compute."""
    rows, columns = (
        Axis(
            n_in=side,
            n_out=stage.size[axis],
            start=stage.box[axis],
            length=stage.box[axis + 2],
            first=stage.window[axis],
            last=stage.window[axis] + stage.window[axis + 2],
            filter=cast("Filter", stage.filter),
            antialias=stage.antialias,
            reverse=stage.mirror[axis],
        )
        for axis, side in enumerate((height, width))
    )
    return rows, columns


def _planar(image: Array) -> NDArray[np.float32]:
    return cast("NDArray[np.float32]", image.transpose(2, 0, 1))


def _planar_float32(image: Array) -> bool:
    return image.dtype == np.float32 and _planar(image).flags.c_contiguous
