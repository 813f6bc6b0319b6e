"""Base of transforms that are applied with a probability."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from preprocessing.transforms._base import FixedTransform, RandomTransform
from preprocessing.transforms._checks import require_probability

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec
    from preprocessing.rng import Draws


class RandomApply(RandomTransform):
    """One fixed transform with probability `p`, otherwise none. The spec stays the same."""

    p: float

    @abstractmethod
    def inner(self, spec: ImageSpec) -> FixedTransform:
        """Return the transform for an image of `spec`."""

    def check(self) -> None:
        require_probability(self.p)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        result: ImageSpec = self.inner(spec).infer(spec)
        return result

    def choose(self, spec: ImageSpec, draws: Draws) -> tuple[FixedTransform, ...]:
        return (self.inner(spec),) if draws.chance(self.p) else ()
