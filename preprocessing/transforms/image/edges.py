"""Sobel and Canny."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.image import edges
from preprocessing.planner.stages import KernelStage, Luma, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform
from preprocessing.transforms._checks import require_gray_or_rgb
from preprocessing.transforms.image._scikit import require_scikit_image

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

_LARGEST_SIGMA = 100.0


@frozen
class Sobel(FixedTransform):
    """Compute the magnitude of the gradient, as ``skimage.filters.sobel``: one channel of float32.

    Notes
    -----
    The result is in [0, 1]. RGB is converted to gray first, as by `Grayscale`. Within 1e-6 of
    scikit-image on the same gray image. Floats are clipped to [0, 1] first.

    Raises
    ------
    SpecError
        When the plan is made, if scikit-image is not installed.
    IncompatibleSource
        If the image does not have 1 or 3 channels.
    """

    name: ClassVar[str] = "sobel"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_gray_or_rgb(spec)
        return replace(spec, channels=1, dtype="float32")

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        return (*_gray(spec), KernelStage(edges.sobel, (), self.infer(spec), IDENTITY))


@frozen
class Canny(FixedTransform):
    """Detect edges, as ``skimage.feature.canny``: one channel of uint8, 255 on an edge, 0 elsewhere.

    Parameters
    ----------
    sigma : float
        Standard deviation of the Gaussian blur before, from 0 to 100.
    low_threshold, high_threshold : float
        Thresholds of hysteresis, in order and not negative. The gradient is ``scipy.ndimage.sobel`` of
        samples in [0, 1]. Pixels above the lower one are edges if they are connected with a pixel that
        reaches the higher one.

    Notes
    -----
    RGB is converted to gray first, as by `Grayscale`. Equal to scikit-image on the same gray image in
    double precision. Floats are clipped to [0, 1] first.

    Raises
    ------
    SpecError
        If an argument is out of range; when the plan is made, if scikit-image is not installed.
    IncompatibleSource
        If the image does not have 1 or 3 channels.
    """

    name: ClassVar[str] = "canny"
    sigma: float = 1.0
    low_threshold: float = 0.1
    high_threshold: float = 0.2

    def check(self) -> None:
        require(
            0.0 <= self.sigma <= _LARGEST_SIGMA,
            f"sigma: must be from 0 to {_LARGEST_SIGMA:g}, got {self.sigma}",
        )
        low, high = self.low_threshold, self.high_threshold
        require(low >= 0.0, f"low_threshold: must not be negative, got {low}")
        require(low <= high, f"high_threshold: must be at least low_threshold {low}, got {high}")

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_gray_or_rgb(spec)
        return replace(spec, channels=1, dtype="uint8")

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        arguments = (self.sigma, self.low_threshold, self.high_threshold)
        return (*_gray(spec), KernelStage(edges.canny, arguments, self.infer(spec), IDENTITY))


def _gray(spec: ImageSpec) -> tuple[Stage, ...]:
    return (Luma(),) if spec.channels == 3 else ()
