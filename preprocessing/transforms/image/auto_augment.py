"""TrivialAugmentWide and RandAugment: operations drawn from a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import atan, degrees
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.kernels.image.geometry.warp import WarpInterpolation
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform, RandomTransform
from preprocessing.transforms._checks import Fill, require_fill
from preprocessing.transforms.image.adjust import (
    AdjustBrightness,
    AdjustContrast,
    AdjustSaturation,
    AdjustSharpness,
)
from preprocessing.transforms.image.tone import AutoContrast, Equalize, Posterize, Solarize
from preprocessing.transforms.image.warp import Affine, Rotate

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.rng import Draws

# torchvision has no limit; finer steps than these are not visible.
_MOST_BINS = 1000


class AugmentationInput(NamedTuple):
    """Arguments of the operations."""

    spec: ImageSpec
    interpolation: WarpInterpolation
    fill: Fill

    def affine(self, *, right: float = 0, down: float = 0, x: float = 0, y: float = 0) -> Affine:
        """Move by whole pixels, or shear by a slope about the upper left corner."""
        moved = bool(right or down)
        return Affine(
            0.0,
            translate=(float(int(right)), float(int(down))),
            shear=(degrees(atan(x)), degrees(atan(y))),
            interpolation=self.interpolation,
            fill=self.fill,
            center=None if moved else (0.0, 0.0),
        )

    @property
    def white(self) -> float:
        """The largest sample."""
        return 1.0 if self.spec.dtype.startswith("float") else float(np.iinfo(self.spec.dtype).max)

    def turned(self, angle: float) -> Rotate:
        """Turn by degrees."""
        return Rotate(angle, self.interpolation, fill=self.fill)


# Each operation at a strength, as torchvision's _AutoAugmentBase._apply_image_or_video_transform.
_OPERATIONS: Mapping[str, Callable[[AugmentationInput, float], FixedTransform | None]] = {
    "Identity": lambda _, __: None,
    "ShearX": lambda job, by: job.affine(x=by),
    "ShearY": lambda job, by: job.affine(y=by),
    "TranslateX": lambda job, by: job.affine(right=by),
    "TranslateY": lambda job, by: job.affine(down=by),
    "Rotate": lambda job, by: job.turned(by),
    "Brightness": lambda _, by: AdjustBrightness(1.0 + by),
    "Color": lambda _, by: AdjustSaturation(1.0 + by),
    "Contrast": lambda _, by: AdjustContrast(1.0 + by),
    "Sharpness": lambda _, by: AdjustSharpness(1.0 + by),
    "Posterize": lambda _, by: Posterize(int(by)),
    "Solarize": lambda job, by: Solarize(job.white * by),
    "AutoContrast": lambda _, __: AutoContrast(),
    "Equalize": lambda _, __: Equalize(),
}
_SIGNED = frozenset(
    [
        "ShearX",
        "ShearY",
        "TranslateX",
        "TranslateY",
        "Rotate",
        "Brightness",
        "Color",
        "Contrast",
        "Sharpness",
    ]
)


def strength(strongest: float | None, name: str, number: int, bins: int) -> float:
    """Return the strength of bin `number` of `bins`, for an operation that goes to `strongest`."""
    if strongest is None:
        return 0.0
    share = number / (bins - 1) if bins > 1 else 0.0
    if name == "Posterize":  # bits: 8 less up to `strongest`
        return float(round(8 - share * strongest))
    return 1.0 - share if name == "Solarize" else share * strongest


def trivial_space(_: ImageSpec) -> dict[str, float | None]:
    """Return torchvision's TrivialAugmentWide: each operation, and its greatest strength."""
    slopes: dict[str, float | None] = {"Identity": None, "ShearX": 0.99, "ShearY": 0.99}
    moves = {"TranslateX": 32.0, "TranslateY": 32.0, "Rotate": 135.0}
    factors = {"Brightness": 0.99, "Color": 0.99, "Contrast": 0.99, "Sharpness": 0.99}
    return slopes | moves | factors | _tones(6)


def rand_space(spec: ImageSpec) -> dict[str, float | None]:
    """Return torchvision's RandAugment: each operation, and its greatest strength."""
    slopes: dict[str, float | None] = {"Identity": None, "ShearX": 0.3, "ShearY": 0.3}
    moves = {
        "TranslateX": 150.0 / 331.0 * (spec.width or 0),
        "TranslateY": 150.0 / 331.0 * (spec.height or 0),
        "Rotate": 30.0,
    }
    factors = {"Brightness": 0.9, "Color": 0.9, "Contrast": 0.9, "Sharpness": 0.9}
    return slopes | moves | factors | _tones(4)


def _tones(bits: float) -> dict[str, float | None]:
    return {"Posterize": bits, "Solarize": 1.0, "AutoContrast": None, "Equalize": None}


def operation(job: AugmentationInput, name: str, by: float) -> FixedTransform | None:
    """Return an operation at a strength; None where it leaves the image as it is."""
    return _OPERATIONS[name](job, by)


def _draw(
    space: Mapping[str, float | None],
    job: AugmentationInput,
    bins: int,
    draws: Draws,
    number: int | None,
) -> list[FixedTransform]:
    """Draw an operation; its strength too, unless `number` says which; and its sign."""
    name = draws.pick(list(space))
    chosen = draws.integer(0, bins - 1) if number is None else number
    by = strength(space[name], name, chosen, bins)
    if name in _SIGNED and draws.chance(0.5):
        by = -by
    made = operation(job, name, by)
    return [] if made is None else [made]


@lru_cache(maxsize=64)
def _accept(
    space: Callable[[ImageSpec], Mapping[str, float | None]], job: AugmentationInput
) -> ImageSpec:
    """Raise IncompatibleSource if any of the operations would; cached, because each read calls it."""
    require_fill(job.fill, job.spec)
    for name, strongest in space(job.spec).items():
        made = operation(job, name, strength(strongest, name, 0, 31))
        if made is not None:
            made.infer(job.spec)
    return job.spec


@frozen
class TrivialAugmentWide(RandomTransform):
    """Apply one random operation, as ``torchvision.transforms.v2.TrivialAugmentWide``.

    Parameters
    ----------
    num_magnitude_bins : int
        Number of strengths, from 2 to 1000.
    interpolation : {"nearest", "bilinear"}
        Interpolation of the operations that move pixels.
    fill : float or (float, float, float)
        Value of the pixels that these leave empty, in the units of the image at this step.

    Notes
    -----
    The operation is one of fourteen, at a random strength. Operations, strengths and signs are
    torchvision's. The tolerance is that of the operation's own class: `Affine`, `Rotate`,
    `AdjustBrightness`, `AdjustContrast`, `AdjustSaturation`, `AdjustSharpness`, `Posterize`,
    `Solarize`, `AutoContrast` or `Equalize`. S. G. Müller and F. Hutter, "TrivialAugment", 2021.
    """

    name: ClassVar[str] = "trivial_augment_wide"
    num_magnitude_bins: int = 31
    interpolation: WarpInterpolation = "nearest"
    fill: Fill = 0.0

    def check(self) -> None:
        _check_bins(self.num_magnitude_bins)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return _accept(trivial_space, AugmentationInput(spec, self.interpolation, self.fill))

    def choose(self, spec: ImageSpec, draws: Draws) -> list[FixedTransform]:
        job = AugmentationInput(spec, self.interpolation, self.fill)
        return _draw(trivial_space(spec), job, self.num_magnitude_bins, draws, None)


@frozen
class RandAugment(RandomTransform):
    """Apply random operations at one strength, as ``torchvision.transforms.v2.RandAugment``.

    Parameters
    ----------
    num_ops : int
        Number of operations, applied in sequence; from 1 to 100.
    magnitude : int
        Index of the strength, below `num_magnitude_bins`.
    num_magnitude_bins : int
        Number of strengths, from 2 to 1000.
    interpolation : {"nearest", "bilinear"}
        Interpolation of the operations that move pixels.
    fill : float or (float, float, float)
        Value of the pixels that these leave empty, in the units of the image at this step.

    Notes
    -----
    The operations are those of `TrivialAugmentWide`. E. D. Cubuk et al., "RandAugment", 2019.
    """

    name: ClassVar[str] = "rand_augment"
    num_ops: int = 2
    magnitude: int = 9
    num_magnitude_bins: int = 31
    interpolation: WarpInterpolation = "nearest"
    fill: Fill = 0.0

    def check(self) -> None:
        _check_bins(self.num_magnitude_bins)
        require(1 <= self.num_ops <= 100, f"num_ops: must be from 1 to 100, got {self.num_ops}")
        require(
            0 <= self.magnitude < self.num_magnitude_bins,
            f"magnitude: must be from 0 to below num_magnitude_bins, got {self.magnitude}",
        )

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return _accept(rand_space, AugmentationInput(spec, self.interpolation, self.fill))

    def choose(self, spec: ImageSpec, draws: Draws) -> list[FixedTransform]:
        job = AugmentationInput(spec, self.interpolation, self.fill)
        bins, chosen = self.num_magnitude_bins, list[FixedTransform]()
        for _ in range(self.num_ops):
            chosen += _draw(rand_space(spec), job, bins, draws, self.magnitude)
        return chosen


def _check_bins(bins: int) -> None:
    require(
        2 <= bins <= _MOST_BINS, f"num_magnitude_bins: must be from 2 to {_MOST_BINS}, got {bins}"
    )
