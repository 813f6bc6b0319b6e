"""Docstrings of steps, in the parts that the page shows."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping

from preprocessing.frozen import frozen

_SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_ENTRY = re.compile(r"\n(?=\S)")


@frozen
class Docs:
    """The parts of a numpydoc docstring, as plain text. Names of code are in single backticks.

    Parameters
    ----------
    summary : str
        The first paragraph.
    about : str
        The other paragraphs, and the notes.
    arguments : mapping of str to str
        What each parameter means.
    """

    summary: str
    about: str
    arguments: Mapping[str, str]

    @classmethod
    def of(cls, documented: object) -> Docs:
        """Read the docstring of a class."""
        text = inspect.getdoc(documented) or ""
        first, *rest = _SECTION.split(text)
        sections = dict(zip(rest[::2], rest[1::2], strict=True))
        summary, *paragraphs = _paragraphs(first) or [""]
        about = [*paragraphs, *_paragraphs(sections.get("Notes", ""))]
        return cls(summary, "\n\n".join(about), dict(_entries(sections.get("Parameters", ""))))


def _paragraphs(text: str) -> list[str]:
    return [_plain(part) for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]


def _entries(body: str) -> list[tuple[str, str]]:
    found = []
    for entry in _ENTRY.split(body.strip()):
        head, _, text = entry.partition("\n")
        about = " ".join(_paragraphs(textwrap.dedent(text)))
        found += [(name, about) for name in head.partition(" : ")[0].split(", ")]
    return found


def _plain(text: str) -> str:
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))
