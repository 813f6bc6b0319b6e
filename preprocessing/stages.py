"""The physical stages that transforms are lowered to, and that the planner rewrites.

`Decode` comes first where the source is encoded; stages follow.

A stage knows exactly what it will do to exactly which sizes. `output` tells the spec of its result and
`apply` makes it, into `out` where the caller gives a place and the stage can use it. Images are indexed
(height, width, channel); a stage that only moves the view allocates nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np

from preprocessing.decode import Header
from preprocessing.kernels import pointwise
from preprocessing.kernels.bands import Axis, Filter
from preprocessing.kernels.resample import nearest_indices, resample
from preprocessing.kernels.scratch import scratch
from preprocessing.media import DECODED, ImageSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array, DType

Interpolation: TypeAlias = Literal["bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"]
PadMode: TypeAlias = Literal["constant", "edge", "reflect", "symmetric"]


@dataclass(frozen=True, slots=True)
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
    """One physical step."""

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


@dataclass(frozen=True)
class Resample(Stage):
    """Resample a box of the image to a size, and compute a window of it.

    Parameters
    ----------
    box : tuple of float
        Top, left, height, width of the source box, in input pixels, possibly fractional.
    size : (int, int)
        Height and width that the box becomes.
    window : tuple of int
        Top, left, height, width of the part of that result which is wanted.
    filter : str
    antialias : bool
    dtype : str
        Type of the result.
    affine : tuple of two tuples of float, optional
        Scale and shift, one value a channel, applied to the unrounded result; `dtype` is then float32.
    """

    box: tuple[float, float, float, float]
    size: tuple[int, int]
    window: tuple[int, int, int, int]
    filter: Interpolation
    antialias: bool
    dtype: DType
    affine: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    @property
    def linear(self) -> bool:
        """Whether results are weighted sums of inputs, rather than picked from them."""
        return not self.filter.startswith("nearest")

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self.window[2], width=self.window[3], dtype=self.dtype)

    def pixels(self, spec: ImageSpec) -> int:
        # The half-resampled image has the rows of the result and the width of the input.
        assert spec.width is not None
        return self.window[2] * max(spec.width, self.window[3])

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
                # The affine takes the place of a rounding, which would have clipped the overshoot.
                np.clip(target, 0, np.iinfo(image.dtype).max, out=target)
            pointwise.affine(result, *self.affine, out=result)
        return result

    def _resample(self, image: Array, planar: NDArray[np.float32]) -> None:
        resample(image, self._axis(image, 0), self._axis(image, 1), planar)

    def _axis(self, image: Array, axis: Literal[0, 1]) -> Axis:
        return Axis(
            n_in=image.shape[axis],
            n_out=self.size[axis],
            start=self.box[axis],
            length=self.box[axis + 2],
            first=self.window[axis],
            last=self.window[axis] + self.window[axis + 2],
            filter=cast("Filter", self.filter),
            antialias=self.antialias,
        )

    def _narrow(self, planar: NDArray[np.float32], out: Array | None) -> Array:
        channels, height, width = planar.shape
        result = np.empty((height, width, channels), self.dtype) if out is None else out
        if np.issubdtype(result.dtype, np.integer):
            pointwise.round_clip(planar, result.transpose(2, 0, 1))
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
        return image[rows[:, None], columns]


@dataclass(frozen=True)
class Window(Stage):
    """Keep a rectangle that lies inside the image: a view."""

    top: int
    left: int
    height: int
    width: int

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self.height, width=self.width)

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


@dataclass(frozen=True)
class Border(Stage):
    """Add pixels on each side: a copy."""

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

    def apply(self, image: Array, out: Array | None = None) -> Array:
        widths = ((self.top, self.bottom), (self.left, self.right), (0, 0))
        if self.mode == "constant":
            return np.pad(image, widths, constant_values=_representable(self.fill, image.dtype))
        return np.pad(image, widths, mode=self.mode)


@dataclass(frozen=True)
class Mirror(Stage):
    """Flip along one axis: a view."""

    direction: Literal["horizontal", "vertical"]

    def output(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return image[:, ::-1] if self.direction == "horizontal" else image[::-1]


@dataclass(frozen=True)
class Luma(Stage):
    """RGB to one channel of BT.601 luma."""

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, channels=1)

    def apply(self, image: Array, out: Array | None = None) -> Array:
        result = np.empty((*image.shape[:2], 1), image.dtype) if out is None else out
        pointwise.luma(image, result)
        return result


@dataclass(frozen=True)
class Replicate(Stage):
    """Repeat one channel: a view."""

    channels: int

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, channels=self.channels)

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return np.broadcast_to(image, (*image.shape[:2], self.channels))


@dataclass(frozen=True)
class Affine(Stage):
    """Scale and shift each channel, to float32."""

    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, dtype="float32")

    def apply(self, image: Array, out: Array | None = None) -> Array:
        if out is None:
            height, width, channels = image.shape
            out = np.empty((channels, height, width), np.float32).transpose(1, 2, 0)
        pointwise.affine(image, self.scale, self.shift, out)
        return out


@dataclass(frozen=True)
class Cast(Stage):
    """Change the sample type."""

    dtype: DType
    scale: bool

    def output(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, dtype=self.dtype)

    def apply(self, image: Array, out: Array | None = None) -> Array:
        return pointwise.convert(image, self.dtype, scale=self.scale)


def _planar(image: Array) -> NDArray[np.float32]:
    return cast("NDArray[np.float32]", image.transpose(2, 0, 1))


def _planar_float32(image: Array) -> bool:
    return image.dtype == np.float32 and _planar(image).flags.c_contiguous


def _representable(fill: float, dtype: np.dtype[Any]) -> float:
    limits = np.iinfo(dtype) if dtype.kind == "u" else np.finfo(dtype)
    value = min(max(fill, float(limits.min)), float(limits.max))
    return int(value) if dtype.kind == "u" else value
