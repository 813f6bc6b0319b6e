"""ColorJitter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform, RandomTransform
from preprocessing.transforms._checks import require_gray_or_rgb, require_range
from preprocessing.transforms.image.adjust import (
    LARGEST_FACTOR,
    AdjustBrightness,
    AdjustContrast,
    AdjustHue,
    AdjustSaturation,
)

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform

# In torchvision's order, in which the factors are drawn.
_ADJUST: dict[str, Callable[[float], FixedTransform]] = {
    "brightness": AdjustBrightness,
    "contrast": AdjustContrast,
    "saturation": AdjustSaturation,
    "hue": AdjustHue,
}


@frozen
class ColorJitter(RandomTransform):
    """Change the colours at random, as ``torchvision.transforms.v2.ColorJitter``.

    Parameters
    ----------
    brightness, contrast, saturation : float or (float, float)
        Range of the factor. One number x stands for ``max(0, 1 - x)`` to ``1 + x``.
    hue : float or (float, float)
        Range of the factor, within -0.5 to 0.5. One number x stands for ``-x`` to ``x``.

    Notes
    -----
    Applies `AdjustBrightness`, `AdjustContrast`, `AdjustSaturation` and `AdjustHue`, each with a factor
    drawn uniformly. One whose range allows no change is left out. Their tolerances add up: one level for
    each, and what the later ones make of it.

    Raises
    ------
    SpecError
        If a range is out of order or out of bounds.
    """

    name: ClassVar[str] = "color_jitter"
    brightness: float | tuple[float, float] = 0.0
    contrast: float | tuple[float, float] = 0.0
    saturation: float | tuple[float, float] = 0.0
    hue: float | tuple[float, float] = 0.0

    def check(self) -> None:
        for key in _ADJUST:
            value = getattr(self, key)
            if isinstance(value, float):
                require(value >= 0.0, f"{key}: a single number must not be negative, got {value}")
            low, high = (-0.5, 0.5) if key == "hue" else (0.0, LARGEST_FACTOR)
            require_range(key, self._range(key), low, high)

    def _range(self, key: str) -> tuple[float, float]:
        value: float | tuple[float, float] = getattr(self, key)
        if not isinstance(value, float):
            return value
        return (-value, value) if key == "hue" else (max(0.0, 1.0 - value), 1.0 + value)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def choose(self, spec: ImageSpec, draws: Draws) -> list[Transform]:
        chosen: list[Transform] = []
        for key, adjust in _ADJUST.items():
            neutral = 0.0 if key == "hue" else 1.0
            if self._range(key) != (neutral, neutral):
                chosen.append(adjust(draws.uniform(*self._range(key))))
        return draws.shuffled(chosen)
