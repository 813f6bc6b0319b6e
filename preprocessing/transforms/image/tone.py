"""Transforms of tones: Invert, Posterize, Solarize, AutoContrast, Equalize."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.image import tone
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform
from preprocessing.transforms._lowering import call, call_by_sample

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.planner.stages import Stage

# The largest sample of each type: white.
_WHITE = {"uint8": 255, "uint16": 65_535, "float16": 1, "float32": 1}


@frozen
class Invert(FixedTransform):
    """Invert the image, as ``torchvision.transforms.v2.functional.invert``. Exact."""

    name: ClassVar[str] = "invert"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call_by_sample(spec, tone.invert)


@frozen
class Posterize(FixedTransform):
    """Reduce the bits of each sample, as ``torchvision.transforms.v2.functional.posterize``. Exact.

    Parameters
    ----------
    bits : int
        Number of bits kept, from 0 to 8. Floats are cut into as many levels as that many bits have.

    Raises
    ------
    SpecError
        If `bits` is not from 0 to 8.
    """

    name: ClassVar[str] = "posterize"
    bits: int

    def check(self) -> None:
        require(0 <= self.bits <= 8, f"bits: must be from 0 to 8, got {self.bits}")

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call_by_sample(spec, tone.posterize, self.bits)


@frozen
class Solarize(FixedTransform):
    """Invert the light samples, as ``torchvision.transforms.v2.functional.solarize``. Exact.

    Parameters
    ----------
    threshold : float
        Lowest sample that is inverted, in the units of the image at this step: at most 255 for
        uint8, 65535 for uint16 (which torchvision refuses), 1 for floats.

    Raises
    ------
    IncompatibleSource
        If the threshold is above white.
    """

    name: ClassVar[str] = "solarize"
    threshold: float

    def infer(self, spec: ImageSpec) -> ImageSpec:
        white = _WHITE[spec.dtype]
        if self.threshold > white:
            raise IncompatibleSource(
                f"threshold {self.threshold:g} is above {white}, the white of {spec.dtype}; give it in "
                "the units of the image at this step"
            )
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call_by_sample(spec, tone.solarize, self.threshold)


@frozen
class AutoContrast(FixedTransform):
    """Stretch each channel to the full range, as ``torchvision.transforms.v2.functional.autocontrast``.

    Notes
    -----
    Exact; float16 is within 1e-3 of the range, because torchvision computes in float16. A uniform
    channel stays the same.
    """

    name: ClassVar[str] = "autocontrast"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call(spec, tone.autocontrast)


@frozen
class Equalize(FixedTransform):
    """Equalise each channel's histogram, as ``torchvision.transforms.v2.functional.equalize``.

    Notes
    -----
    Exact; float32 is within 1e-7. Types other than uint8 are converted to it and back, as in
    torchvision, where the white of float16 then overflows to black. A channel with at most 255 samples
    below its lightest level stays the same.
    """

    name: ClassVar[str] = "equalize"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call(spec, tone.equalize)
