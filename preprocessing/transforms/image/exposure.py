"""CLAHE and EqualizeHist."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.image import exposure
from preprocessing.planner.stages import KernelStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform, require_side_lengths
from preprocessing.transforms._checks import require_gray_or_rgb
from preprocessing.transforms.image._scikit import require_scikit_image

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

# Each region has a histogram and a map, 10 KB in all; an eighth of the sides makes about 64 regions.
_MOST_REGIONS = 4096


@frozen
class CLAHE(FixedTransform):
    """Equalise the histogram region by region, as ``skimage.exposure.equalize_adapthist``.

    Parameters
    ----------
    clip_limit : float
        From 0 to 1: the share of a region's pixels above which a bin of its histogram is clipped. More
        is more contrast; 0 clips nothing.
    kernel_size : int or (int, int), optional
        Height and width of a region; an eighth of the image's sides without it.

    Notes
    -----
    RGB is equalised in V of HSV. The result has the input's type, integers rounded half up; it spans the
    whole range, and an image of one brightness becomes white. Within one level of scikit-image on uint8,
    within 1e-5 of the range on float32. Floats are taken to be in [0, 1], and clipped to it first.

    Raises
    ------
    SpecError
        For a limit outside [0, 1], a size below 1; as a plan is made, where scikit-image is not
        installed.
    IncompatibleSource
        For channels other than 1 or 3, regions larger than the image, or more than 4096 of them.
    """

    name: ClassVar[str] = "clahe"
    clip_limit: float = 0.01
    kernel_size: int | tuple[int, int] | None = None

    def check(self) -> None:
        require(
            0.0 <= self.clip_limit <= 1.0,
            f"clip_limit: must be from 0 to 1, got {self.clip_limit}",
        )
        if self.kernel_size is not None:
            require_side_lengths("kernel_size", self.kernel_size)

    @property
    def _region(self) -> tuple[int, int] | None:
        size = self.kernel_size
        return (size, size) if isinstance(size, int) else size

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_gray_or_rgb(spec)
        if self._region is None or spec.height is None or spec.width is None:
            return spec
        height, width = self._region
        if height > spec.height or width > spec.width:
            raise IncompatibleSource(
                f"has regions of {height}×{width}, the image is {spec.height}×{spec.width}; "
                "give a smaller kernel_size, or resize before it"
            )
        regions = -(-spec.height // height) * -(-spec.width // width)
        if regions > _MOST_REGIONS:
            raise IncompatibleSource(
                f"would make {regions} regions of an image of {spec.height}×{spec.width}, more than "
                f"{_MOST_REGIONS}; give a larger kernel_size"
            )
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        return (KernelStage(exposure.clahe, (self.clip_limit, self._region), self.infer(spec)),)


@frozen
class EqualizeHist(FixedTransform):
    """Equalise the histogram of brightness, as ``skimage.exposure.equalize_hist``.

    Notes
    -----
    RGB is equalised in V of HSV, so that hues stay; torchvision's equalisation of each channel, which
    shifts them, is another thing. The result has the input's type, integers rounded half up; the darkest
    level becomes its share of the pixels, so that an image of one brightness becomes white. Each integer
    has its bin, floats have 256. Within one level of scikit-image on uint8, within 1e-5 of the range on
    float32, taken in double. Floats are taken to be in [0, 1], and clipped to it first.

    Raises
    ------
    SpecError
        As a plan is made, where scikit-image is not installed.
    IncompatibleSource
        For channels other than 1 or 3.
    """

    name: ClassVar[str] = "equalize_hist"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        return (KernelStage(exposure.equalize_hist, (), spec),)
