"""Transforms that change what samples mean: Grayscale, Normalize, ToDtype."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from preprocessing.errors import IncompatibleSource
from preprocessing.grammar.coerce import show
from preprocessing.grammar.step import require, suggest
from preprocessing.media import DType
from preprocessing.stages import Affine, Cast, Luma, Replicate, Stage
from preprocessing.transforms.base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

Triple = tuple[float, float, float]

# Mean and standard deviation of RGB in [0, 1], by the name under which people know them.
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


@dataclass(frozen=True, repr=False)
class Grayscale(FixedTransform):
    """Make the image gray, as ``torchvision.transforms.v2.Grayscale``.

    Parameters
    ----------
    num_output_channels : {1, 3}
        With 3 the gray is repeated.

    Notes
    -----
    ITU-R BT.601 luma, ``0.299 R + 0.587 G + 0.114 B``, rounded. torchvision takes 0.2989 for red and
    truncates: uint8 is within one level of it, floats within 1e-4 of the range. An image of one channel
    stays as it is. Where the source is a JPEG, the planner may decode its luma directly; see
    `preprocessing.rewrites`.
    """

    name: ClassVar[str] = "grayscale"
    num_output_channels: Literal[1, 3] = 1

    def infer(self, spec: ImageSpec) -> ImageSpec:
        if spec.channels not in (1, 3):
            raise IncompatibleSource(f"takes 1 or 3 channels, the image has {spec.channels}")
        return replace(spec, channels=self.num_output_channels)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        gray = (Luma(),) if spec.channels == 3 else ()
        return gray if self.num_output_channels == 1 else (*gray, Replicate(3))


@dataclass(frozen=True, repr=False)
class Normalize(FixedTransform):
    """Subtract a mean and divide by a deviation, as ``torchvision.transforms.v2.Normalize``.

    Parameters
    ----------
    mean : str or tuple of float
        One value a channel, for samples in [0, 1]; or the name of well-known constants, which brings
        its own deviation: ``imagenet``, ``inception``, ``clip``.
    std : tuple of float, optional
        One value a channel, not zero.

    Notes
    -----
    The result is float32. Integer samples are first divided by the largest value of their type (what
    ``ToDtype(float32, scale=True)`` does before it in torchvision, where integers are refused); floats
    are taken as they are. Within 1e-6 of torchvision relative to the result's range.

    Raises
    ------
    SpecError
        For an unknown name, a missing or zero deviation, lengths that differ, or values that float32
        cannot hold.
    """

    name: ClassVar[str] = "normalize"
    mean: tuple[float, ...] | str
    std: tuple[float, ...] | None = None

    def check(self) -> None:
        if isinstance(self.mean, str):
            require(
                self.mean in CONSTANTS,
                f"mean: unknown constants {show(self.mean)}{suggest(self.mean, CONSTANTS)}",
            )
            require(self.std is None, f"std: {self.mean!r} brings its own")
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
                f"has constants for {count} channels, the image has {spec.channels}"
                + ("; put grayscale after it, or give one mean and one std" if count == 3 else "")
            )
        return replace(spec, dtype="float32")

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        top = 1.0 if spec.dtype.startswith("float") else float(np.iinfo(spec.dtype).max)
        mean, std = self.constants
        scale = tuple(1.0 / (top * s) for s in std)
        shift = tuple(-m / s for m, s in zip(mean, std, strict=True))
        return (Affine(scale, shift),)


@dataclass(frozen=True, repr=False)
class ToDtype(FixedTransform):
    """Change the sample type, as ``torchvision.transforms.v2.ToDtype``.

    Parameters
    ----------
    dtype : {"uint8", "uint16", "float16", "float32"}
        The type wanted.
    scale : bool
        Whether values are mapped from the range of one type to that of the other: [0, 1] for floats,
        all values for integers.

    Notes
    -----
    Equal to torchvision's ``to_dtype`` for values in range; outside it, this one clips. Two roundings
    differ: an integer scaled to a float is within 1e-7 of the range, and a float16 scaled to an integer
    within one level, because torchvision multiplies in float16.
    """

    name: ClassVar[str] = "to_dtype"
    dtype: DType
    scale: bool = False

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, dtype=self.dtype)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return () if spec.dtype == self.dtype else (Cast(self.dtype, scale=self.scale),)
