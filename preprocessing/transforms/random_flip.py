"""RandomHorizontalFlip and RandomVerticalFlip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.transforms.base import RandomTransform
from preprocessing.transforms.checks import check_probability
from preprocessing.transforms.flip import HorizontalFlip, VerticalFlip

if TYPE_CHECKING:
    from preprocessing.draws import Draws
    from preprocessing.media import ImageSpec
    from preprocessing.transforms.base import Transform


@frozen
class RandomHorizontalFlip(RandomTransform):
    """Mirror left and right, or not, as ``torchvision.transforms.v2.RandomHorizontalFlip``.

    Parameters
    ----------
    p : float
        How probable it is, from 0 to 1.

    Notes
    -----
    Exact; it chooses `HorizontalFlip` or nothing.
    """

    name: ClassVar[str] = "random_horizontal_flip"
    p: float = 0.5

    def check(self) -> None:
        check_probability(self.p)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        return (HorizontalFlip(),) if draws.chance(self.p) else ()


@frozen
class RandomVerticalFlip(RandomTransform):
    """Mirror top and bottom, or not, as ``torchvision.transforms.v2.RandomVerticalFlip``.

    Parameters
    ----------
    p : float
        How probable it is, from 0 to 1.

    Notes
    -----
    Exact; it chooses `VerticalFlip` or nothing.
    """

    name: ClassVar[str] = "random_vertical_flip"
    p: float = 0.5

    def check(self) -> None:
        check_probability(self.p)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return spec

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        return (VerticalFlip(),) if draws.chance(self.p) else ()
