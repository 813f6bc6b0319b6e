"""What several transforms ask of their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from preprocessing.errors import IncompatibleSource
from preprocessing.spec.step import require
from preprocessing.transforms._base import MAX_SIDE

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

# One value for all channels, or one for each of three.
Fill: TypeAlias = float | tuple[float, float, float]

# In degrees: a hundred turns. Far more than anyone means, and few enough for accurate sines.
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
    """Raise SpecError unless a rectangle can be drawn from these ranges of area and aspect ratio."""
    require_range("scale", scale, 0.0, 1.0)
    require_range("ratio", ratio, 1.0 / MAX_SIDE, MAX_SIDE)


def require_places(name: str, value: tuple[float, ...] | None) -> None:
    """Raise SpecError unless all numbers are places that an image may have near it."""
    require(
        value is None or max(map(abs, value)) <= MAX_SIDE,
        f"{name}: must be from -{MAX_SIDE} to {MAX_SIDE}, got {value}",
    )


def require_angle(name: str, angle: float) -> None:
    """Raise SpecError for angles of which nobody knows the sine."""
    largest = _LARGEST_ANGLE
    require(abs(angle) <= largest, f"{name}: must be from {-largest:g} to {largest:g}, got {angle}")


def require_scale(scale: float) -> None:
    """Raise SpecError unless an image can be scaled so and something of it be seen."""
    require(
        1.0 / MAX_SIDE <= scale <= MAX_SIDE,
        f"scale: must be from 1/{MAX_SIDE} to {MAX_SIDE}, got {scale}",
    )


def require_shear(shear: tuple[float, ...]) -> None:
    """Raise SpecError for angles at which an image vanishes."""
    require(max(map(abs, shear)) < 90.0, f"shear: must be between -90 and 90 degrees, got {shear}")


def require_fill(fill: Fill, spec: ImageSpec) -> None:
    """Raise IncompatibleSource unless there is one value of `fill`, or one for each channel."""
    if isinstance(fill, tuple) and len(fill) != spec.channels:
        raise IncompatibleSource(
            f"has {len(fill)} values to fill with, the image has {spec.channels} channels; give one"
        )


def require_gray_or_rgb(spec: ImageSpec) -> ImageSpec:
    """Return `spec`; raise IncompatibleSource unless it has 1 or 3 channels."""
    if spec.channels not in (1, 3):
        raise IncompatibleSource(f"takes 1 or 3 channels, the image has {spec.channels}")
    return spec
