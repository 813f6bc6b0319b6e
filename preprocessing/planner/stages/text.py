"""`DecodeText`: the start of a plan for text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.decode.text import decoder as text
from preprocessing.frozen import frozen
from preprocessing.media import TextSpec
from preprocessing.planner.stages.base import Start

if TYPE_CHECKING:
    from preprocessing.decode.formats import Format
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content


@frozen
class DecodeText(Start):
    """Start that decodes a text; see `preprocessing.decode.text.decoder.decode`.

    Parameters
    ----------
    mark : Mark, optional
        The text's byte order mark.
    characters : int
        Most characters that the text may have.
    held : int
        Peak memory of decoding, in bytes.
    """

    mark: text.Mark | None
    characters: int
    held: int

    def __str__(self) -> str:
        return f"DecodeText({self.mark.charset if self.mark else 'charset detected'})"

    @classmethod
    def probe(cls, data: bytes, found: Format, limits: Limits) -> DecodeText:  # noqa: ARG003
        mark = text.probe(data, limits.characters)
        return cls(mark, limits.characters, text.holds(data, mark))

    def output(self) -> TextSpec:
        return TextSpec(1)

    def holds(self) -> int:
        return self.held

    def run(self, content: Content) -> Array:
        assert isinstance(content, bytes)
        return np.array([text.decode(content, self.mark, self.characters)], object)
