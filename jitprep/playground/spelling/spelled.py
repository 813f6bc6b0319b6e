"""`SpelledPipeline`: a pipeline's text, and where its words and steps are in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from jitprep.playground.pipelines import preset_or_spelling
from jitprep.playground.spelling.documents import step_lines
from preprocessing import SpecError
from preprocessing.frozen import frozen
from preprocessing.spec.parse import count_words, is_shard_spelling, read_spelling


@frozen
class SpelledPart:
    """A step, or a word before the steps.

    Parameters
    ----------
    line : str
        Its spelling in a line.
    start, end : int
        Where it is in the text: all of it in a line, its name in a document.
    """

    line: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Name of the step."""
        return self.line.partition(":")[0]


@frozen
class SpelledPipeline:
    """A pipeline's text, and where its words and steps are in it.

    Parameters
    ----------
    text : str
    spec : str or mapping
        What is parsed: the preset that the text names, or the text.
    form : {"line", "document", "preset"}
    words, steps : tuple of SpelledPart
        As far as they are found: none in a document that cannot be read. All parts of a preset are
        where its name is.
    """

    text: str
    spec: str | Mapping[str, Any]
    form: str
    words: tuple[SpelledPart, ...]
    steps: tuple[SpelledPart, ...]

    @classmethod
    def read(cls, text: str, presets: Mapping[str, Any]) -> SpelledPipeline:
        """Find the parts of a text. It may be wrong in any way."""
        spec = preset_or_spelling(presets, text)
        form, words, steps = _parts_of(spec)
        if spec is text:
            return cls(text, spec, form, words, steps)
        name = text.strip()
        start = text.index(name)
        at = (start, start + len(name))
        words = tuple(SpelledPart(part.line, *at) for part in words)
        return cls(
            text, spec, "preset", words, tuple(SpelledPart(part.line, *at) for part in steps)
        )


def _parts_of(
    spec: str | Mapping[str, Any],
) -> tuple[str, tuple[SpelledPart, ...], tuple[SpelledPart, ...]]:
    found: str | Mapping[str, Any] = {}
    with suppress(SpecError):
        found = read_spelling(spec)
    if isinstance(spec, str) and isinstance(found, str):
        return "line", *_in_line(spec)
    assert isinstance(found, Mapping)
    return "document", (), tuple(_in_document(spec if isinstance(spec, str) else "", found))


def _in_line(text: str) -> tuple[tuple[SpelledPart, ...], tuple[SpelledPart, ...]]:
    line = text.strip()
    place = text.index(line)
    parts = []
    for part in line.split("/") if line else ():
        parts.append(SpelledPart(part, place, place + len(part)))
        place += len(part) + 1
    words = _count_words(line)
    return tuple(parts[:words]), tuple(parts[words:])


def _count_words(line: str) -> int:
    tar = is_shard_spelling(line)
    rest = line.partition("/")[2] if tar else line
    try:
        return tar + count_words(rest.split("/"))
    except SpecError:  # a kind that is followed by something unknown
        return tar + rest.startswith("exact/") + 1


def _in_document(text: str, document: Mapping[str, Any]) -> Sequence[SpelledPart]:
    """Find the names of the steps in JSON or TOML, one after another."""
    lines = step_lines(document)
    parts, place = [], 0
    for number, line in enumerate(lines):
        if number == len(lines) - 1 and "encode" in document:
            place = max(text.find("encode"), 0)
        name = re.escape(line.partition(":")[0])
        found = re.compile(rf"(?<![\w-]){name}(?=[\"']?\s*[:=\].])").search(text, place)
        start, end = found.span() if found else (0, len(text))
        place = end if found else place
        parts.append(SpelledPart(line, start, end))
    return parts
