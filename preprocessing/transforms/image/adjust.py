"""Transforms by a given factor: brightness, contrast, saturation, hue, sharpness, gamma."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.image import adjust, hue, sharpen
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform
from preprocessing.transforms._checks import require_gray_or_rgb
from preprocessing.transforms._lowering import call, call_by_sample

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.planner.stages import Stage

# Far more than any image needs, and far less than what float32 overflows at.
LARGEST_FACTOR = 1e6


def require_factor(name: str, value: float) -> None:
    """Raise SpecError unless `value` is from 0 to `LARGEST_FACTOR`."""
    require(
        0.0 <= value <= LARGEST_FACTOR, f"{name}: must be from 0 to {LARGEST_FACTOR:g}, got {value}"
    )


@frozen
class AdjustBrightness(FixedTransform):
    """Multiply all samples, as ``torchvision.transforms.v2.functional.adjust_brightness``.

    Parameters
    ----------
    brightness_factor : float
        0 gives black, 1 the image, 2 twice its brightness.

    Notes
    -----
    Exact; integers are truncated. (torchvision lets integers overflow where the factor is an ``int``;
    here 2 is 2.0.)

    Raises
    ------
    SpecError
        For a factor below 0 or above 1e6.
    """

    name: ClassVar[str] = "adjust_brightness"
    brightness_factor: float

    def check(self) -> None:
        require_factor("brightness_factor", self.brightness_factor)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call_by_sample(spec, adjust.brightness, self.brightness_factor)


@frozen
class AdjustContrast(FixedTransform):
    """Move all samples from or to the mean, as ``torchvision...functional.adjust_contrast``.

    Parameters
    ----------
    contrast_factor : float
        0 gives a gray area, 1 the image, 2 twice its contrast.

    Notes
    -----
    The mean is that of torchvision's luma, ``0.2989 R + 0.587 G + 0.114 B``, truncated where the type
    is integer, and summed without error, where torchvision sums in float32. Integers are truncated, and
    within one level of it; float32 is within 1e-6 and float16 within 1e-3 of the range; all of these
    times the factor where that exceeds 1.

    Raises
    ------
    SpecError
        For a factor below 0 or above 1e6.
    """

    name: ClassVar[str] = "adjust_contrast"
    contrast_factor: float

    def check(self) -> None:
        require_factor("contrast_factor", self.contrast_factor)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call(spec, adjust.contrast, self.contrast_factor)


@frozen
class AdjustSaturation(FixedTransform):
    """Move all pixels from or to their gray, as ``torchvision...functional.adjust_saturation``.

    Parameters
    ----------
    saturation_factor : float
        0 gives a gray image, 1 the image, 2 twice its saturation.

    Notes
    -----
    Gray is as for `AdjustContrast`. Integers are truncated, and within one level of torchvision, which
    on processors that multiply and add at once rounds once less; float32 is within 1e-6 and float16
    within 1e-3 of the range; all of these times the factor where that exceeds 1. An image of one
    channel stays as it is.

    Raises
    ------
    SpecError
        For a factor below 0 or above 1e6.
    """

    name: ClassVar[str] = "adjust_saturation"
    saturation_factor: float

    def check(self) -> None:
        require_factor("saturation_factor", self.saturation_factor)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        if spec.channels == 1:
            return ()
        return call(spec, adjust.saturation, self.saturation_factor, pointwise=True)


@frozen
class AdjustHue(FixedTransform):
    """Turn the hue, as ``torchvision.transforms.v2.functional.adjust_hue``.

    Parameters
    ----------
    hue_factor : float
        Part of a full turn, from -0.5 to 0.5; both ends give complementary colours.

    Notes
    -----
    Integers are within one level of torchvision (of uint8 one sample in ten thousand differs), float32
    within 2e-6 and float16 within 1e-3 of the range. torchvision lets the white of uint16 overflow to
    black. An image of one channel stays as it is.

    Raises
    ------
    SpecError
        For a factor out of range.
    """

    name: ClassVar[str] = "adjust_hue"
    hue_factor: float

    def check(self) -> None:
        require(
            -0.5 <= self.hue_factor <= 0.5,
            f"hue_factor: must be from -0.5 to 0.5, got {self.hue_factor}",
        )

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        if spec.channels == 1:
            return ()
        return call(spec, hue.hue, self.hue_factor, pointwise=True)


@frozen
class AdjustSharpness(FixedTransform):
    """Blur or sharpen, as ``torchvision.transforms.v2.functional.adjust_sharpness``.

    Parameters
    ----------
    sharpness_factor : float
        0 gives a smoothed image, 1 the image, 2 one sharpened by as much.

    Notes
    -----
    Integers are truncated, and within one level of torchvision; float32 is within 1e-6 and float16
    within 1e-3 of the range; all of these times the factor where that exceeds 1. The outermost pixels
    stay as they are, and so does an image of one or two rows or columns.

    Raises
    ------
    SpecError
        For a factor below 0 or above 1e6.
    """

    name: ClassVar[str] = "adjust_sharpness"
    sharpness_factor: float

    def check(self) -> None:
        require_factor("sharpness_factor", self.sharpness_factor)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        if min(spec.height, spec.width) <= 2:
            return ()
        return call(spec, sharpen.sharpen, self.sharpness_factor)


@frozen
class AdjustGamma(FixedTransform):
    """Raise samples to a power, as ``torchvision.transforms.v2.functional.adjust_gamma``.

    Parameters
    ----------
    gamma : float
        The exponent, for samples in [0, 1]: above 1 shadows become darker, below 1 lighter.
    gain : float
        What the power is multiplied with.

    Notes
    -----
    Exact for uint8. uint16 is within one level, float32 within 1e-6 and float16 within 1e-3 of the
    range. torchvision lets the white of uint16 overflow to black.

    Raises
    ------
    SpecError
        For a gamma or a gain below 0 or above 1e6.
    """

    name: ClassVar[str] = "adjust_gamma"
    gamma: float
    gain: float = 1.0

    def check(self) -> None:
        require_factor("gamma", self.gamma)
        require_factor("gain", self.gain)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call_by_sample(spec, adjust.gamma, self.gamma, self.gain)
