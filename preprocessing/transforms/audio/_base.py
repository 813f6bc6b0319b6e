"""Base classes and checks of the transforms of sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from preprocessing.errors import IncompatibleSource
from preprocessing.planner.stages import Compute, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform, RandomTransform

if TYPE_CHECKING:
    from preprocessing.media import Array, AudioSpec

# One day. A longer time is a mistake, or an attempt to fill the memory.
MAX_SECONDS = 86_400.0
# Samples per second: four times the most that studios use.
MAX_RATE = 768_000


class FixedSound(FixedTransform):
    """A transform of sound that is the same for all sound of one spec."""

    input_kinds = ("audio",)


class RandomSound(RandomTransform):
    """A random transform of sound."""

    input_kinds = ("audio",)


def require_seconds(name: str, value: float, *, least: float = 0.0) -> None:
    """Raise SpecError unless `value` is from `least` seconds to one day."""
    require(
        least <= value <= MAX_SECONDS,
        f"{name}: must be from {least:g} to {MAX_SECONDS:g} seconds, got {value}",
    )


def compute(
    result: AudioSpec, kernel: Callable[..., Array], *arguments: object
) -> tuple[Stage, ...]:
    """Return the stage that calls a kernel."""
    return (Compute(kernel, arguments, result),)


def require_samples(samples: int, seconds: float) -> None:
    """Raise IncompatibleSource unless there is at least one sample."""
    if samples < 1:
        raise IncompatibleSource(
            f"{seconds:g} seconds are shorter than one sample; use a longer time"
        )
