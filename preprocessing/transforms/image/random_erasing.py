"""RandomErasing."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.transforms._base import RandomTransform
from preprocessing.transforms._checks import Fill, require_area, require_fill, require_probability
from preprocessing.transforms.image.erase import Erase

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform

# torchvision's: after this many rectangles that do not fit, the image stays the same.
_TRIES = 10


@frozen
class RandomErasing(RandomTransform):
    """Overwrite a random rectangle, as ``torchvision.transforms.v2.RandomErasing``.

    Parameters
    ----------
    p : float
        Probability that the transform is applied, from 0 to 1.
    scale : (float, float)
        Range of the rectangle's area, as a fraction of the image's, from 0 to 1.
    ratio : (float, float)
        Range of the rectangle's height over width, drawn uniformly on a logarithmic scale.
    value : float or (float, float, float)
        Value that is written, as for `Erase`. torchvision's ``random``, which writes noise, is not
        supported.

    Notes
    -----
    Exact. Applies an `Erase` with probability `p`. The rectangle is drawn as in torchvision, from other
    random numbers: an area, a ratio, then the corner. After ten that do not fit, nothing is erased.
    Z. Zhong et al., "Random Erasing Data Augmentation", 2017.

    Raises
    ------
    SpecError
        If the probability is outside 0 to 1, or a range is not in order.
    """

    name: ClassVar[str] = "random_erasing"
    p: float = 0.5
    scale: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    value: Fill = 0.0

    def check(self) -> None:
        require_probability(self.p)
        require_area(self.scale, self.ratio)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.value, spec)
        return spec

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[Transform, ...]:
        assert spec.height and spec.width
        if not draws.chance(self.p):
            return ()
        lowest, highest = log(self.ratio[0]), log(self.ratio[1])
        for _ in range(_TRIES):
            area = spec.height * spec.width * draws.uniform(*self.scale)
            ratio = exp(draws.uniform(lowest, highest))
            height, width = round(sqrt(area * ratio)), round(sqrt(area / ratio))
            if height < spec.height and width < spec.width:
                top = draws.integer(0, spec.height - height)
                left = draws.integer(0, spec.width - width)
                there = height > 0 and width > 0
                return (Erase(top, left, height, width, self.value),) if there else ()
        return ()
