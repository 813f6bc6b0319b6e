"""RandomHorizontalFlip and RandomVerticalFlip."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.transforms._base import MOVABLE
from preprocessing.transforms.image._random_apply import RandomApply
from preprocessing.transforms.image.flip import HorizontalFlip, VerticalFlip

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.transforms._base import FixedTransform


@frozen
class RandomHorizontalFlip(RandomApply):
    """Flip the image left to right at random, as ``torchvision.transforms.v2.RandomHorizontalFlip``.

    Parameters
    ----------
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Exact. Applies `HorizontalFlip` with probability `p`.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "random_horizontal_flip"
    p: float = 0.5

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return HorizontalFlip()


@frozen
class RandomVerticalFlip(RandomApply):
    """Flip the image upside down at random, as ``torchvision.transforms.v2.RandomVerticalFlip``.

    Parameters
    ----------
    p : float
        Probability that the transform is applied, from 0 to 1.

    Notes
    -----
    Exact. Applies `VerticalFlip` with probability `p`.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "random_vertical_flip"
    p: float = 0.5

    def inner(self, spec: ImageSpec) -> FixedTransform:
        return VerticalFlip()
