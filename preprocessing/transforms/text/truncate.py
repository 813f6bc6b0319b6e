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
    """Truncate each document to a number of characters.

    Parameters
    ----------
    length : int
        Largest number of characters (code points) that are kept.

    Notes
    -----
    Extended grapheme clusters (UAX #29, in the Unicode version of wcwidth), such as a letter with its
    accents or a family emoji, are kept whole or removed. The result may therefore be shorter than
    `length`, and is empty if the first cluster is longer.

    Raises
    ------
    SpecError
        If `length` is below 1; when the plan is made, if wcwidth is not installed.
    """

    name: ClassVar[str] = "truncate"
    length: int

    def check(self) -> None:
        require(self.length >= 1, f"length: must be 1 or more, got {self.length}")

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        require_text_library("wcwidth", "wcwidth", self.name)
        return each_text(spec, truncate, self.length)
