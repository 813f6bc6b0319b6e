"""`Rule`, a rewrite of a plan, and `Draft`, the plan that it rewrites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from preprocessing.frozen import frozen
from preprocessing.planner.stages import Stage, Start


@frozen
class Draft:
    """A physical plan before or between rewrites.

    Parameters
    ----------
    source : Start
        How the source is decoded.
    stages : tuple of Stage
    scales : tuple of int
        Scales at which a JPEG may be decoded besides its full size, in eighths. At 1/8 only a block's
        mean is decoded: a poor filter, and hardly faster. For others libjpeg-turbo has no SIMD code.
    """

    source: Start
    stages: tuple[Stage, ...]
    scales: tuple[int, ...] = (2, 4)

    def before(self, index: int) -> Any:
        """Return the spec of the input of stage `index`."""
        spec = self.source.output()
        for stage in self.stages[:index]:
            spec = stage.output(spec)
        return spec

    def pairs(self) -> Iterator[tuple[int, Stage, Stage]]:
        """Yield each pair of neighbouring stages with the index of the first."""
        for index, (first, second) in enumerate(pairwise(self.stages)):
            yield index, first, second

    def splice(self, index: int, count: int, *stages: Stage) -> Draft:
        """Return the draft with `count` stages from `index` on replaced by `stages`."""
        kept = (*self.stages[:index], *stages, *self.stages[index + count :])
        return replace(self, stages=kept)


@frozen
class Rule:
    """A rewrite: its name, its tolerance in words, and whether ``exact`` pipelines allow it."""

    name: str
    tolerance: str
    exact: bool
    apply: Callable[[Draft], Draft | None]
