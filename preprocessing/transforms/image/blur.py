"""GaussianBlur, and Blur, its fixed counterpart."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.image.blur import gaussian_blur
from preprocessing.spec.step import require
from preprocessing.transforms._base import MAX_SIDE, FixedTransform, RandomTransform
from preprocessing.transforms._lowering import call

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.planner.stages import Stage
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform


@frozen
class Blur(FixedTransform):
    """Blur with a Gaussian, as ``torchvision.transforms.v2.functional.gaussian_blur``.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Size of the kernel in pixels, odd: one number, or width and height.
    sigma : float or (float, float), optional
        Standard deviation in pixels: one number, or across and down. By default
        ``0.15 * kernel_size + 0.35``.

    Notes
    -----
    The image is reflected at its edges. uint8 is within one level of torchvision: weights are rounded
    to 12 binary places, which makes results equal on all processors, and rounds three samples in a
    hundred the other way. uint16 is within one level, float32 within 1e-5 and float16 within 1e-3
    of the range.

    Raises
    ------
    SpecError
        If the kernel size is even or not from 1 to 65535, or sigma is not positive.
    IncompatibleSource
        If the image is too small to be reflected by half the kernel.
    """

    name: ClassVar[str] = "blur"
    kernel_size: int | tuple[int, int]
    sigma: float | tuple[float, float] | None = None

    def check(self) -> None:
        _check_size(self.kernel_size)
        require(min(self._sigma) > 0.0, f"sigma: must be positive, got {self.sigma}")

    @property
    def _size(self) -> tuple[int, int]:
        size = self.kernel_size
        return (size, size) if isinstance(size, int) else size

    @property
    def _sigma(self) -> tuple[float, float]:
        if self.sigma is None:
            across, down = (0.15 * size + 0.35 for size in self._size)
            return (across, down)
        return (self.sigma, self.sigma) if isinstance(self.sigma, float) else self.sigma

    def infer(self, spec: ImageSpec) -> ImageSpec:
        for side, size in zip((spec.width, spec.height), self._size, strict=True):
            if side is not None and size // 2 >= side:
                raise IncompatibleSource(
                    f"kernel_size {size} reflects {size // 2} pixels of an image that has {side}; "
                    "resize it first, or take a smaller kernel"
                )
        return spec

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return call(spec, gaussian_blur, self._size, self._sigma)


@frozen
class GaussianBlur(RandomTransform):
    """Blur with a Gaussian of random width, as ``torchvision.transforms.v2.GaussianBlur``.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Size of the kernel in pixels, odd: one number, or width and height.
    sigma : float or (float, float)
        Standard deviation in pixels, or the range that it is drawn from uniformly.

    Notes
    -----
    Applies a `Blur`, to its tolerance. With one number for `sigma` nothing is random.

    Raises
    ------
    SpecError
        As for `Blur`, or if the range of `sigma` is not in order.
    """

    name: ClassVar[str] = "gaussian_blur"
    kernel_size: int | tuple[int, int]
    sigma: float | tuple[float, float] = (0.1, 2.0)

    def check(self) -> None:
        _check_size(self.kernel_size)
        low, high = self._range
        require(
            0.0 < low <= high,
            f"sigma: must be positive, or two positive numbers in order, got {self.sigma}",
        )

    @property
    def _range(self) -> tuple[float, float]:
        return (self.sigma, self.sigma) if isinstance(self.sigma, float) else self.sigma

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return Blur(self.kernel_size, self._range[1]).infer(spec)

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        return (Blur(self.kernel_size, draws.uniform(*self._range)),)


def _check_size(kernel_size: int | tuple[int, int]) -> None:
    sizes = (kernel_size,) if isinstance(kernel_size, int) else kernel_size
    require(
        all(size % 2 and 1 <= size <= MAX_SIDE for size in sizes),
        f"kernel_size: must be odd and from 1 to {MAX_SIDE}, got {kernel_size}",
    )
