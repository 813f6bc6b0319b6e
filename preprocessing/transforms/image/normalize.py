"""Normalize, and the constants that have names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from preprocessing.errors import IncompatibleSource, SpecError
from preprocessing.frozen import frozen
from preprocessing.planner.stages import ScaleShift, Stage
from preprocessing.spec.coerce import show
from preprocessing.spec.step import nearest, require, suggest
from preprocessing.transforms._base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

Triple = tuple[float, float, float]

# Mean and standard deviation of RGB in [0, 1], by their common names.
CONSTANTS: dict[str, tuple[Triple, Triple]] = {
    # torchvision's ImageNet weights: docs of torchvision.models, "transforms"
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    # TensorFlow's Inception preprocessing, [-1, 1]; timm's IMAGENET_INCEPTION_MEAN and _STD; also SigLIP
    "inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    # openai/CLIP, clip/clip.py, _transform
    "clip": (
        (0.48145466, 0.4578275, 0.40821073),
        (0.26862954, 0.26130258, 0.27577711),
    ),
}


@frozen
class Normalize(FixedTransform):
    """Subtract a mean and divide by a standard deviation, as ``torchvision.transforms.v2.Normalize``.

    Parameters
    ----------
    mean : str or tuple of float
        One value per channel, for samples in [0, 1]; or the name of a mean and standard deviation:
        ``imagenet``, ``inception`` or ``clip``.
    std : tuple of float, optional
        One value per channel, not zero. Required unless `mean` is a name.

    Notes
    -----
    The result is float32. Integers are first divided by the largest value of their type, as
    ``ToDtype(float32, scale=True)`` does; torchvision refuses integers. Floats are used unscaled. Within
    1e-6 of torchvision, relative to the result's range.

    Raises
    ------
    SpecError
        If the name is unknown, the deviation is missing or zero, the lengths differ, or float32 cannot
        hold a value.
    """

    name: ClassVar[str] = "normalize"
    mean: tuple[float, ...] | str
    std: tuple[float, ...] | None = None

    def check(self) -> None:
        if isinstance(self.mean, str):
            if self.mean not in CONSTANTS:
                raise SpecError(
                    f"mean: unknown constants {show(self.mean)}{suggest(self.mean, CONSTANTS)}",
                    nearest=nearest(self.mean, CONSTANTS),
                )
            require(self.std is None, f"std: {self.mean!r} includes it; leave it out")
            return
        require(self.std is not None, "std: missing; give one value for each channel")
        require(len(self.mean) >= 1, "mean: needs at least one value")
        require(
            len(self.mean) == len(self.std or ()),
            f"std: needs as many values as mean, {len(self.mean)}",
        )
        require(0.0 not in (self.std or ()), "std: must not be zero")
        for mean, std in zip(self.mean, self.std or (), strict=True):
            largest = max(1.0, abs(mean)) / abs(std)
            require(largest < 1e38, f"std: {std} is too small for float32 with the mean {mean}")

    @property
    def constants(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The mean and deviation, with a name looked up."""
        if isinstance(self.mean, str):
            return CONSTANTS[self.mean]
        assert self.std is not None
        return self.mean, self.std

    def infer(self, spec: ImageSpec) -> ImageSpec:
        count = len(self.constants[0])
        if count != spec.channels:
            raise IncompatibleSource(
                f"has constants for {count} channels, but the image has {spec.channels}"
                + ("; put grayscale after it, or give one mean and one std" if count == 3 else "")
            )
        return replace(spec, dtype="float32")

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        top = 1.0 if spec.dtype.startswith("float") else float(np.iinfo(spec.dtype).max)
        mean, std = self.constants
        scale = tuple(1.0 / (top * s) for s in std)
        shift = tuple(-m / s for m, s in zip(mean, std, strict=True))
        return (ScaleShift(scale, shift),)
