"""Sobel and Canny."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
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
    """Find how steep the image is, as ``skimage.filters.sobel``: float32 in [0, 1], one channel.

    Notes
    -----
    RGB is made gray first, as by `grayscale`. Within 1e-6 of scikit-image on the same gray. Floats are
    taken to be in [0, 1], and clipped to it first.

    Raises
    ------
    SpecError
        As a plan is made, where scikit-image is not installed.
    IncompatibleSource
        For channels other than 1 or 3.
    """

    name: ClassVar[str] = "sobel"

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_gray_or_rgb(spec)
        return replace(spec, channels=1, dtype="float32")

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        return (*_gray(spec), KernelStage(edges.sobel, (), self.infer(spec)))


@frozen
class Canny(FixedTransform):
    """Find edges, as ``skimage.feature.canny``: uint8, one channel, 255 on an edge and 0 elsewhere.

    Parameters
    ----------
    sigma : float
        From 0 to 100: standard deviation of the blur before.
    low_threshold, high_threshold : float
        From 0, in order. An edge is where the gradient (``scipy.ndimage.sobel`` of samples in [0, 1])
        is above the lower, connected with where it reaches the higher.

    Notes
    -----
    RGB is made gray first, as by `grayscale`. Equal to scikit-image on the same gray in double
    precision. Floats are taken to be in [0, 1], and clipped to it first.

    Raises
    ------
    SpecError
        For arguments out of range; as a plan is made, where scikit-image is not installed.
    IncompatibleSource
        For channels other than 1 or 3.
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
        return (*_gray(spec), KernelStage(edges.canny, arguments, self.infer(spec)))


def _gray(spec: ImageSpec) -> tuple[Stage, ...]:
    return (Luma(),) if spec.channels == 3 else ()
