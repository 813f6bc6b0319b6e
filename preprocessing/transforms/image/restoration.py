"""DenoiseTV, DenoiseBilateral and UnsharpMask."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from preprocessing.frozen import frozen
from preprocessing.kernels.image import bilateral, restoration
from preprocessing.planner.stages import KernelStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform
from preprocessing.transforms._checks import require_gray_or_rgb
from preprocessing.transforms.image._scikit import require_scikit_image

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

Outside: TypeAlias = Literal["constant", "edge", "symmetric", "reflect", "wrap"]

# Time grows with each: beyond these it is a slip, or an attempt to keep the function busy.
_MOST_ITERATIONS = 1000
_LARGEST_WINDOW = 99
_LARGEST_RADIUS = 100.0


@frozen
class DenoiseTV(FixedTransform):
    """Flatten noise between edges, as ``skimage.restoration.denoise_tv_chambolle`` of each channel.

    Parameters
    ----------
    weight : float
        From 1e-6 to 1e6. More is flatter.
    eps : float
        From 0 to 1: it stops where the cost changes by less than this share of the first.
    max_num_iter : int
        It stops after so many iterations, at most 1000.

    Notes
    -----
    The result has the input's type, integers rounded half up. Single precision, where scikit-image takes
    integers in double and may then stop an iteration earlier or later: within one level of it on uint8,
    within 1e-5 of the range on float32. Floats are clipped to [0, 1] first.

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
        return (KernelStage(restoration.denoise_tv, arguments, spec),)


@frozen
class DenoiseBilateral(FixedTransform):
    """Average each pixel's like neighbours, with ``skimage.restoration.denoise_bilateral``'s arguments.

    Parameters
    ----------
    win_size : int, optional
        Odd, from 1 to 99: height and width of the neighbourhood. Without it, three times `sigma_spatial`
        to each side and at least 5, as in scikit-image.
    sigma_color : float, optional
        Above 0: how far colours in [0, 1] may be apart, divided by the number of channels; the image's
        own standard deviation without it.
    sigma_spatial : float
        Above 0: how far pixels may be apart.
    mode : {"constant", "edge", "symmetric", "reflect", "wrap"}
        What lies outside the image; with ``constant`` it is black.

    Notes
    -----
    The result has the input's type, integers rounded half up. Computed by the definition, in single
    precision, within 1e-4 of the range: scikit-image's own misplaces its spatial weights; see
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
        return (KernelStage(bilateral.denoise_bilateral, arguments, spec),)


@frozen
class UnsharpMask(FixedTransform):
    """Sharpen by what a blur takes away, as ``skimage.filters.unsharp_mask`` of each channel.

    Parameters
    ----------
    radius : float
        From 0 to 100: standard deviation of the blur.
    amount : float
        From -1e6 to 1e6: how much of the difference is added.

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
        return (KernelStage(restoration.unsharp_mask, (self.radius, self.amount), spec),)
