"""Checks of arguments that several transforms share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import numpy as np

from preprocessing.errors import IncompatibleSource
from preprocessing.media import IndexSpec
from preprocessing.spec.step import require
from preprocessing.transforms._base import MAX_SIDE

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

# One value for all channels, or one for each of three.
Fill: TypeAlias = float | tuple[float, float, float]

_Filter = TypeVar("_Filter", bound=str)

# In degrees: a hundred turns. More is not meaningful, and sines would lose accuracy.
_LARGEST_ANGLE = 36_000.0


def require_probability(p: float) -> None:
    """Raise SpecError unless `p` is from 0 to 1."""
    require(0.0 <= p <= 1.0, f"p: must be from 0 to 1, got {p}")


def require_range(name: str, value: tuple[float, float], low: float, high: float) -> None:
    """Raise SpecError unless `value` is two numbers in order, from `low` to `high`."""
    require(
        low <= value[0] <= value[1] <= high,
        f"{name}: must be two numbers in order, from {low:g} to {high:g}, got {value}",
    )


def require_area(scale: tuple[float, float], ratio: tuple[float, float]) -> None:
    """Raise SpecError unless `scale` and `ratio` are ranges of area and aspect ratio."""
    require_range("scale", scale, 0.0, 1.0)
    require_range("ratio", ratio, 1.0 / MAX_SIDE, MAX_SIDE)


def require_places(name: str, value: tuple[float, ...] | None) -> None:
    """Raise SpecError unless all coordinates are from -`MAX_SIDE` to `MAX_SIDE`."""
    require(
        value is None or max(map(abs, value)) <= MAX_SIDE,
        f"{name}: must be from -{MAX_SIDE} to {MAX_SIDE}, got {value}",
    )


def require_angle(name: str, angle: float) -> None:
    """Raise SpecError unless the angle is at most a hundred turns."""
    largest = _LARGEST_ANGLE
    require(abs(angle) <= largest, f"{name}: must be from {-largest:g} to {largest:g}, got {angle}")


def require_scale(scale: float) -> None:
    """Raise SpecError unless the factor is from 1/`MAX_SIDE` to `MAX_SIDE`."""
    require(
        1.0 / MAX_SIDE <= scale <= MAX_SIDE,
        f"scale: must be from 1/{MAX_SIDE} to {MAX_SIDE}, got {scale}",
    )


def require_shear(shear: tuple[float, ...]) -> None:
    """Raise SpecError unless the angles are below 90 degrees, where an image vanishes."""
    require(max(map(abs, shear)) < 90.0, f"shear: must be between -90 and 90 degrees, got {shear}")


def require_fill(fill: Fill, spec: ImageSpec) -> None:
    """Raise IncompatibleSource unless `fill` has one value, or one per channel; for masks a class id."""
    if isinstance(spec, IndexSpec):
        most = np.iinfo(spec.dtype).max
        if isinstance(fill, tuple) or not (0 <= fill <= most and fill == int(fill)):
            raise IncompatibleSource(
                f"fill: must be a class id, a whole number from 0 to {most}, got {fill}"
            )
    if isinstance(fill, tuple) and len(fill) != spec.channels:
        raise IncompatibleSource(
            f"fill has {len(fill)} values, but the image has {spec.channels} channels; give one value"
        )


def interpolation_for(spec: ImageSpec, wanted: _Filter) -> _Filter | Literal["nearest"]:
    """Return the interpolation of a step: for a mask ``nearest``, as in torchvision, or as wanted."""
    if isinstance(spec, IndexSpec) and wanted != "nearest_exact":
        return "nearest"
    return wanted


def require_gray_or_rgb(spec: ImageSpec) -> ImageSpec:
    """Return `spec`; raise IncompatibleSource unless it has 1 or 3 channels."""
    if spec.channels not in (1, 3):
        raise IncompatibleSource(f"takes 1 or 3 channels, but the image has {spec.channels}")
    return spec
