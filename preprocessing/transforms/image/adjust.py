"""Brightness, contrast, saturation, hue, sharpness and gamma, adjusted by a given factor."""

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

# Far more than any image needs, and too little to overflow float32.
LARGEST_FACTOR = 1e6


def require_factor(name: str, value: float) -> None:
    """Raise SpecError unless `value` is from 0 to `LARGEST_FACTOR`."""
    require(
        0.0 <= value <= LARGEST_FACTOR, f"{name}: must be from 0 to {LARGEST_FACTOR:g}, got {value}"
    )


@frozen
class AdjustBrightness(FixedTransform):
    """Adjust the brightness, as ``torchvision.transforms.v2.functional.adjust_brightness``.

    Parameters
    ----------
    brightness_factor : float
        Each sample is multiplied by it: 0 returns a black image, 1 the image itself.

    Notes
    -----
    Exact; integers are truncated. The factor is always a float: torchvision lets integers overflow if
    it is an ``int``.

    Raises
    ------
    SpecError
        If the factor is below 0 or above 1e6.
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
    """Adjust the contrast, as ``torchvision.transforms.v2.functional.adjust_contrast``.

    Parameters
    ----------
    contrast_factor : float
        0 returns a gray image, 1 the image itself, 2 doubles the contrast.

    Notes
    -----
    Samples move towards the mean of torchvision's luma, ``0.2989 R + 0.587 G + 0.114 B``, or away from
    it. The luma of integers is truncated. Its sum is exact; torchvision adds up in float32. Integers are
    truncated and within one level of torchvision, float32 within 1e-6 and float16 within 1e-3 of the
    range. A factor above 1 multiplies these tolerances.

    Raises
    ------
    SpecError
        If the factor is below 0 or above 1e6.
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
    """Adjust the saturation, as ``torchvision.transforms.v2.functional.adjust_saturation``.

    Parameters
    ----------
    saturation_factor : float
        0 returns a gray image, 1 the image itself, 2 doubles the saturation.

    Notes
    -----
    Gray is computed as for `AdjustContrast`. Integers are truncated and within one level of
    torchvision, which rounds once less on processors with fused multiply-add. float32 is within 1e-6
    and float16 within 1e-3 of the range. A factor above 1 multiplies these tolerances. An image of one
    channel stays the same.

    Raises
    ------
    SpecError
        If the factor is below 0 or above 1e6.
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
    """Adjust the hue, as ``torchvision.transforms.v2.functional.adjust_hue``.

    Parameters
    ----------
    hue_factor : float
        Rotation of the hue as a fraction of a full turn, from -0.5 to 0.5. Both ends return the
        complementary colours.

    Notes
    -----
    Integers are within one level of torchvision (one uint8 sample in ten thousand differs), float32
    within 2e-6 and float16 within 1e-3 of the range. torchvision lets the white of uint16 overflow to
    black. An image of one channel stays the same.

    Raises
    ------
    SpecError
        If the factor is out of range.
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
    """Adjust the sharpness, as ``torchvision.transforms.v2.functional.adjust_sharpness``.

    Parameters
    ----------
    sharpness_factor : float
        0 returns a smoothed image, 1 the image itself, 2 sharpens it by as much as 0 smooths it.

    Notes
    -----
    Integers are truncated and within one level of torchvision, float32 within 1e-6 and float16 within
    1e-3 of the range. A factor above 1 multiplies these tolerances. The outermost pixels stay the same,
    and so does an image with fewer than three rows or columns.

    Raises
    ------
    SpecError
        If the factor is below 0 or above 1e6.
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
    """Apply gamma correction, as ``torchvision.transforms.v2.functional.adjust_gamma``.

    Parameters
    ----------
    gamma : float
        Exponent for samples in [0, 1]. Above 1 shadows become darker, below 1 lighter.
    gain : float
        Factor of the result.

    Notes
    -----
    Exact for uint8. uint16 is within one level, float32 within 1e-6 and float16 within 1e-3 of the
    range. torchvision lets the white of uint16 overflow to black.

    Raises
    ------
    SpecError
        If `gamma` or `gain` is below 0 or above 1e6.
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
