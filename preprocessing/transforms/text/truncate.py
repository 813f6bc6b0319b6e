"""Truncate."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.text.graphemes import truncate
from preprocessing.spec.step import require
from preprocessing.transforms.text._base import TextTransform, each_text, require_text_library

if TYPE_CHECKING:
    from preprocessing.media import TextSpec
    from preprocessing.planner.stages import Stage


@frozen
class Truncate(TextTransform):
    """Keep the first characters of each document, and no part of a grapheme cluster.

    Parameters
    ----------
    length : int
        Most characters (Unicode's code points) that are kept.

    Notes
    -----
    What a reader takes for one letter, a letter with its accents or a family of emoji, is kept or left
    out as a whole (UAX #29, extended grapheme clusters, of the Unicode version that wcwidth has); so
    there may be fewer than `length`, and none where one cluster is longer than that.

    Raises
    ------
    SpecError
        For a length below 1; as a plan is made, where wcwidth is not installed.
    """

    name: ClassVar[str] = "truncate"
    length: int

    def check(self) -> None:
        require(self.length >= 1, f"length: must be 1 or more, got {self.length}")

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        require_text_library("wcwidth", "wcwidth", self.name)
        return each_text(spec, truncate, self.length)
