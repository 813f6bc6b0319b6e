"""DenoiseTV, DenoiseBilateral and UnsharpMask."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY
from preprocessing.kernels.image import bilateral, restoration
from preprocessing.planner.stages import KernelStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform
from preprocessing.transforms._checks import require_gray_or_rgb
from preprocessing.transforms.image._scikit import require_scikit_image

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

Outside: TypeAlias = Literal["constant", "edge", "symmetric", "reflect", "wrap"]

# Time grows with each of these; larger values are a mistake, or an attempt to keep the function busy.
_MOST_ITERATIONS = 1000
_LARGEST_WINDOW = 99
_LARGEST_RADIUS = 100.0


@frozen
class DenoiseTV(FixedTransform):
    """Remove noise by total variation, as ``skimage.restoration.denoise_tv_chambolle`` of each channel.

    Parameters
    ----------
    weight : float
        Strength, from 1e-6 to 1e6. Higher values flatten more.
    eps : float
        Iteration stops when the cost changes by less than this fraction of the first cost. From 0 to 1.
    max_num_iter : int
        Largest number of iterations, up to 1000.

    Notes
    -----
    The result has the input's type, integers rounded half up. Computed in single precision. scikit-image
    computes integers in double and may stop an iteration earlier or later: within one level of it on
    uint8, within 1e-5 of the range on float32. Floats are clipped to [0, 1] first.

    Raises
    ------
    SpecError
        If an argument is out of range; when the plan is made, if scikit-image is not installed.
    IncompatibleSource
        If the image does not have 1 or 3 channels.
    """

    name: ClassVar[str] = "denoise_tv"
    weight: float = 0.1
    eps: float = 2e-4
    max_num_iter: int = 200

    def check(self) -> None:
        require(1e-6 <= self.weight <= 1e6, f"weight: must be from 1e-6 to 1e6, got {self.weight}")
        require(0.0 <= self.eps <= 1.0, f"eps: must be from 0 to 1, got {self.eps}")
        require(
            1 <= self.max_num_iter <= _MOST_ITERATIONS,
            f"max_num_iter: must be from 1 to {_MOST_ITERATIONS}, got {self.max_num_iter}",
        )

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        arguments = (self.weight, self.eps, self.max_num_iter)
        return (KernelStage(restoration.denoise_tv, arguments, spec, IDENTITY),)


@frozen
class DenoiseBilateral(FixedTransform):
    """Average similar pixels nearby, with the arguments of ``skimage.restoration.denoise_bilateral``.

    Parameters
    ----------
    win_size : int, optional
        Height and width of the neighbourhood, odd, from 1 to 99. By default three times `sigma_spatial`
        to each side and at least 5, as in scikit-image.
    sigma_color : float, optional
        Standard deviation of colour distances in [0, 1], divided by the number of channels; above 0.
        By default the image's standard deviation.
    sigma_spatial : float
        Standard deviation of spatial distances in pixels, above 0.
    mode : {"constant", "edge", "symmetric", "reflect", "wrap"}
        How the image is extended beyond its edges; ``constant`` is black.

    Notes
    -----
    The result has the input's type, integers rounded half up. Computed by definition, in single
    precision, within 1e-4 of the range. scikit-image misplaces its spatial weights; see
    `preprocessing.kernels.image.bilateral`. Floats are clipped to [0, 1] first.

    Raises
    ------
    SpecError
        If an argument is out of range.
    IncompatibleSource
        If the image does not have 1 or 3 channels.
    """

    name: ClassVar[str] = "denoise_bilateral"
    win_size: int | None = None
    sigma_color: float | None = None
    sigma_spatial: float = 1.0
    mode: Outside = "constant"

    def check(self) -> None:
        require(
            self.sigma_color is None or 1e-6 <= self.sigma_color <= 1e6,
            f"sigma_color: must be from 1e-6 to 1e6, got {self.sigma_color}",
        )
        require(
            1e-3 <= self.sigma_spatial <= 1e6,
            f"sigma_spatial: must be from 0.001 to 1e6, got {self.sigma_spatial}",
        )
        require(
            self.window % 2 == 1 and 1 <= self.window <= _LARGEST_WINDOW,
            f"win_size: must be odd, from 1 to {_LARGEST_WINDOW}, got {self.window}"
            + (" for this sigma_spatial; give a win_size" if self.win_size is None else ""),
        )

    @property
    def window(self) -> int:
        """Height and width of the neighbourhood."""
        if self.win_size is not None:
            return self.win_size
        return max(5, 2 * ceil(3 * self.sigma_spatial) + 1)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        arguments = (self.window, self.sigma_color, self.sigma_spatial, self.mode)
        return (KernelStage(bilateral.denoise_bilateral, arguments, spec, IDENTITY),)


@frozen
class UnsharpMask(FixedTransform):
    """Sharpen by unsharp masking, as ``skimage.filters.unsharp_mask`` of each channel.

    Parameters
    ----------
    radius : float
        Standard deviation of the blur, from 0 to 100.
    amount : float
        Factor of the difference that is added, from -1e6 to 1e6.

    Notes
    -----
    The result has the input's type, integers rounded half up, and is clipped to its range. Within one
    level of scikit-image on uint8, within 1e-5 of the range on float32. Floats are clipped to [0, 1]
    first.

    Raises
    ------
    SpecError
        If an argument is out of range; when the plan is made, if scikit-image is not installed.
    IncompatibleSource
        If the image does not have 1 or 3 channels.
    """

    name: ClassVar[str] = "unsharp_mask"
    radius: float = 1.0
    amount: float = 1.0

    def check(self) -> None:
        require(
            0.0 <= self.radius <= _LARGEST_RADIUS,
            f"radius: must be from 0 to {_LARGEST_RADIUS:g}, got {self.radius}",
        )
        require(abs(self.amount) <= 1e6, f"amount: must be from -1e6 to 1e6, got {self.amount}")

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return require_gray_or_rgb(spec)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        arguments = (self.radius, self.amount)
        return (KernelStage(restoration.unsharp_mask, arguments, spec, IDENTITY),)
