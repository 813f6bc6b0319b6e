"""What several random transforms ask of their arguments."""

from __future__ import annotations

from preprocessing.grammar.step import require

# Aspect ratios beyond this are slips: no image has one (its sides are from 1 to 65,535 pixels).
_LARGEST_RATIO = 65_535.0


def check_probability(p: float) -> None:
    """Raise SpecError unless `p` is from 0 to 1."""
    require(0.0 <= p <= 1.0, f"p: must be from 0 to 1, got {p}")


def check_range(name: str, value: tuple[float, float], low: float, high: float) -> None:
    """Raise SpecError unless `value` is two numbers in order, from `low` to `high`."""
    require(
        low <= value[0] <= value[1] <= high,
        f"{name}: must be two numbers in order, from {low:g} to {high:g}, got {value}",
    )


def check_area(scale: tuple[float, float], ratio: tuple[float, float]) -> None:
    """Raise SpecError unless a rectangle can be drawn from these ranges of area and aspect ratio."""
    check_range("scale", scale, 0.0, 1.0)
    check_range("ratio", ratio, 1.0 / _LARGEST_RATIO, _LARGEST_RATIO)
