"""CLAHE and EqualizeHist."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.image import exposure
from preprocessing.planner.stages import KernelStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform, require_side_lengths
from preprocessing.transforms._checks import require_gray_or_rgb
from preprocessing.transforms.image._scikit import require_scikit_image

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

# Each region has a histogram and a map, together 10 KB. By default there are about 64 regions.
_MOST_REGIONS = 4096


@frozen
class CLAHE(FixedTransform):
    """Equalise histograms region by region, as ``skimage.exposure.equalize_adapthist``.

    Parameters
    ----------
    clip_limit : float
        Fraction of a region's pixels at which the bins of its histogram are clipped, from 0 to 1.
        Higher values increase the contrast; 0 clips nothing.
    kernel_size : int or (int, int), optional
        Height and width of a region. By default an eighth of the image's height and width.

    Notes
    -----
    RGB is equalised in V of HSV. The result has the input's type, integers rounded half up. It spans the
    whole range, and a uniform image becomes white. Within one level of scikit-image on uint8, within
    1e-5 of the range on float32. Floats are clipped to [0, 1] first.

    Raises
    ------
    SpecError
        If the limit is outside [0, 1] or a size is below 1; when the plan is made, if scikit-image is
        not installed.
    IncompatibleSource
        If the image does not have 1 or 3 channels, is smaller than a region, or has more than 4096
        regions.
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
                f"has regions of {height}×{width}, but the image is {spec.height}×{spec.width}; "
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
        arguments = (self.clip_limit, self._region)
        return (KernelStage(exposure.clahe, arguments, self.infer(spec), IDENTITY),)


@frozen
class EqualizeHist(FixedTransform):
    """Equalise the histogram of brightness, as ``skimage.exposure.equalize_hist``.

    Notes
    -----
    RGB is equalised in V of HSV, which keeps the hues; `Equalize` equalises each channel and shifts
    them. The result has the input's type, integers rounded half up. The darkest level becomes its
    fraction of the pixels, so a uniform image becomes white. Integers have one bin per value, floats
    256 bins. Within one level of scikit-image on uint8; on float32, within 1e-5 of the range of
    scikit-image in double precision. Floats are clipped to [0, 1] first.

    Raises
    ------
    SpecError
        When the plan is made, if scikit-image is not installed.
    IncompatibleSource
        If the image does not have 1 or 3 channels.
    """

    name: ClassVar[str] = "equalize_hist"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        return (KernelStage(exposure.equalize_hist, (), spec, IDENTITY),)
