"""Changes of colour and tone that are applied with a probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.transforms.image._random_apply import RandomApply
from preprocessing.transforms.image.adjust import AdjustSharpness
from preprocessing.transforms.image.grayscale import Grayscale
from preprocessing.transforms.image.tone import AutoContrast, Equalize, Invert, Posterize, Solarize

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.transforms._base import FixedTransform


@frozen
class RandomInvert(RandomApply):
    """Invert the image at random, as ``torchvision.transforms.v2.RandomInvert``.

    Parameters
    ----------
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Exact. Applies `Invert` with probability `p`.
    """

    name: ClassVar[str] = "random_invert"
    p: float = 0.5

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return Invert()


@frozen
class RandomPosterize(RandomApply):
    """Reduce the bits of each sample at random, as ``torchvision.transforms.v2.RandomPosterize``.

    Parameters
    ----------
    bits : int
        Number of bits kept, from 0 to 8.
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Exact. Applies `Posterize` with probability `p`.
    """

    name: ClassVar[str] = "random_posterize"
    bits: int
    p: float = 0.5

    def check(self) -> None:
        super().check()
        Posterize(self.bits)

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return Posterize(self.bits)


@frozen
class RandomSolarize(RandomApply):
    """Invert the light samples at random, as ``torchvision.transforms.v2.RandomSolarize``.

    Parameters
    ----------
    threshold : float
        The lowest sample that is inverted, as for `Solarize`.
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Exact. Applies `Solarize` with probability `p`.
    """

    name: ClassVar[str] = "random_solarize"
    threshold: float
    p: float = 0.5

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return Solarize(self.threshold)


@frozen
class RandomAutocontrast(RandomApply):
    """Stretch each channel at random, as ``torchvision.transforms.v2.RandomAutocontrast``.

    Parameters
    ----------
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Applies `AutoContrast` with probability `p`, to its tolerance.
    """

    name: ClassVar[str] = "random_autocontrast"
    p: float = 0.5

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return AutoContrast()


@frozen
class RandomEqualize(RandomApply):
    """Equalise each channel's histogram at random, as ``torchvision.transforms.v2.RandomEqualize``.

    Parameters
    ----------
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Applies `Equalize` with probability `p`, to its tolerance.
    """

    name: ClassVar[str] = "random_equalize"
    p: float = 0.5

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return Equalize()


@frozen
class RandomAdjustSharpness(RandomApply):
    """Adjust the sharpness at random, as ``torchvision.transforms.v2.RandomAdjustSharpness``.

    Parameters
    ----------
    sharpness_factor : float
        As for `AdjustSharpness`.
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Applies `AdjustSharpness` with probability `p`, to its tolerance.
    """

    name: ClassVar[str] = "random_adjust_sharpness"
    sharpness_factor: float
    p: float = 0.5

    def check(self) -> None:
        super().check()
        AdjustSharpness(self.sharpness_factor)

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return AdjustSharpness(self.sharpness_factor)


@frozen
class RandomGrayscale(RandomApply):
    """Convert the image to gray at random, as ``torchvision.transforms.v2.RandomGrayscale``.

    Parameters
    ----------
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Applies `Grayscale` with probability `p`, to its tolerance. The number of channels stays the same.
    """

    name: ClassVar[str] = "random_grayscale"
    p: float = 0.1

    def inner(self, spec: ImageSpec) -> FixedTransform:
        # Grayscale raises for other numbers of channels than 1 and 3.
        return Grayscale(1 if spec.channels == 1 else 3)
