"""What rules work on, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from preprocessing.frozen import frozen
from preprocessing.media import ImageSpec
from preprocessing.stages import Decode, Stage


@frozen
class Draft:
    """A physical plan in the making.

    Parameters
    ----------
    source : Decode or ImageSpec
        How the source is decoded; or, where it is an array already, what it is.
    stages : tuple of Stage
    """

    source: Decode | ImageSpec
    stages: tuple[Stage, ...]

    def before(self, index: int) -> ImageSpec:
        """Return the spec of the image that stage `index` takes."""
        spec = self.source.output() if isinstance(self.source, Decode) else self.source
        for stage in self.stages[:index]:
            spec = stage.output(spec)
        return spec

    def pairs(self) -> Iterator[tuple[int, Stage, Stage]]:
        """Yield neighbouring stages, with the first one's index."""
        for index, (first, second) in enumerate(pairwise(self.stages)):
            yield index, first, second

    def splice(self, index: int, count: int, *stages: Stage) -> Draft:
        """Return the draft with `count` stages from `index` on replaced."""
        kept = (*self.stages[:index], *stages, *self.stages[index + count :])
        return replace(self, stages=kept)


@frozen
class Rule:
    """A rewrite with its name, its tolerance in words, and whether ``exact`` pipelines allow it."""

    name: str
    tolerance: str
    exact: bool
    apply: Callable[[Draft], Draft | None]
