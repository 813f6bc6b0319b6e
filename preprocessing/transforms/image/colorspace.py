"""ToHSV, ToLab and ToYCbCr."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.image import colorspace
from preprocessing.planner.stages import KernelStage, Stage
from preprocessing.transforms._base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class ToHSV(FixedTransform):
    """Convert RGB to hue, saturation and value, as ``skimage.color.rgb2hsv``: float32, each in [0, 1].

    Notes
    -----
    Hue is a fraction of a turn, 0 for red and for gray. Within 1e-6 of scikit-image; hues of uint16 are
    within 1e-5, where 0 and 1 are the same hue. Floats are clipped to [0, 1] first.

    Raises
    ------
    IncompatibleSource
        If the image does not have 3 channels.
    """

    name: ClassVar[str] = "to_hsv"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return _of_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (KernelStage(colorspace.to_hsv, (), self.infer(spec), IDENTITY, pointwise=True),)


@frozen
class ToLab(FixedTransform):
    """Convert sRGB to CIE L*a*b*, as ``skimage.color.rgb2lab``: float32.

    Notes
    -----
    L* is in [0, 100], a* in about [-86, 98], b* in about [-108, 94]; white is D65 of the 2° observer.
    Within 1e-4 of scikit-image, which is 1e-6 of the range. Floats are clipped to [0, 1] first.

    Raises
    ------
    IncompatibleSource
        If the image does not have 3 channels.
    """

    name: ClassVar[str] = "to_lab"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return _of_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (KernelStage(colorspace.to_lab, (), self.infer(spec), IDENTITY, pointwise=True),)


@frozen
class ToYCbCr(FixedTransform):
    """Convert RGB to luma and colour differences, as ``skimage.color.rgb2ycbcr``: float32.

    Notes
    -----
    ITU-R BT.601 in video range: Y in [16, 235], Cb and Cr in [16, 240] around 128, for every input type.
    (JPEG uses the full range, [0, 255].) Within 1e-4 of scikit-image, which is 5e-7 of the range. Floats
    are taken to be in [0, 1], and clipped to it first.

    Raises
    ------
    IncompatibleSource
        If the image does not have 3 channels.
    """

    name: ClassVar[str] = "to_ycbcr"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return _of_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (KernelStage(colorspace.to_ycbcr, (), self.infer(spec), IDENTITY, pointwise=True),)


def _of_rgb(spec: ImageSpec) -> ImageSpec:
    if spec.channels != 3:
        raise IncompatibleSource(
            f"takes 3 channels, but the image has {spec.channels}; put it before steps that "
            "remove colour"
        )
    return replace(spec, dtype="float32")
