"""RandomResizedCrop."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, sqrt
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.planner.stages import Interpolation
from preprocessing.transforms._base import (
    MOVABLE,
    RandomTransform,
    height_and_width,
    require_side_lengths,
)
from preprocessing.transforms._checks import require_area
from preprocessing.transforms.image.crop import Crop
from preprocessing.transforms.image.resize import Resize

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform

# torchvision's: after this many rectangles that do not fit, the centre of the image is taken.
_TRIES = 10


@frozen
class RandomResizedCrop(RandomTransform):
    """Crop a random rectangle and resize it, as ``torchvision.transforms.v2.RandomResizedCrop``.

    Parameters
    ----------
    size : int or (int, int)
        Size of the result: side of a square, or height and width.
    scale : (float, float)
        Range of the rectangle's area, as a fraction of the image's, from 0 to 1.
    ratio : (float, float)
        Range of the rectangle's width over height, drawn uniformly on a logarithmic scale.
    interpolation : {"bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"}
    antialias : bool
        As for `Resize`.

    Notes
    -----
    Applies a `Crop` and a `Resize`, to the tolerance of `Resize`. The rectangle is drawn as in
    torchvision, from other random numbers: an area, a ratio, then the corner. After ten that do not fit,
    it is the largest centred rectangle whose ratio is in the range.

    Raises
    ------
    SpecError
        If the size is below 1, or a range is not in order.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "random_resized_crop"
    size: int | tuple[int, int]
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: Interpolation = "bilinear"
    antialias: bool = True

    def check(self) -> None:
        require_side_lengths("size", self.size)
        require_area(self.scale, self.ratio)

    @property
    def _sides(self) -> tuple[int, int]:
        return height_and_width(self.size)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        return replace(spec, height=self._sides[0], width=self._sides[1])

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        assert spec.height and spec.width
        box = self._box(spec.height, spec.width, draws)
        resize = Resize(self._sides, self.interpolation, antialias=self.antialias)
        return (Crop(*box), resize)

    def _box(self, height: int, width: int, draws: Draws) -> tuple[int, int, int, int]:
        """Return top, left, height and width, as ``RandomResizedCrop.make_params``."""
        lowest, highest = log(self.ratio[0]), log(self.ratio[1])
        for _ in range(_TRIES):
            area = height * width * draws.uniform(*self.scale)
            ratio = exp(draws.uniform(lowest, highest))
            w, h = round(sqrt(area * ratio)), round(sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                return draws.integer(0, height - h), draws.integer(0, width - w), h, w
        h, w = self._middle(height, width)
        return (height - h) // 2, (width - w) // 2, h, w

    def _middle(self, height: int, width: int) -> tuple[int, int]:
        ratio = width / height
        if ratio < self.ratio[0]:
            # torchvision rounds to nothing where one pixel of width would be too wide.
            return max(round(width / self.ratio[0]), 1), width
        if ratio > self.ratio[1]:
            return height, max(round(height * self.ratio[1]), 1)
        return height, width
