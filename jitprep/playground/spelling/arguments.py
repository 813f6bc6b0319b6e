"""Where the arguments of one step are in the text that spells a pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jitprep.playground.spelling.spelled import SpelledPart
from preprocessing.frozen import frozen
from preprocessing.spec.coerce import takes_sequence
from preprocessing.spec.step import StepBase, hints

Span = tuple[int, int]


@frozen
class Word:
    """One value of an argument.

    Parameters
    ----------
    argument : str
        Its name, also where it is not written; empty for a value too many.
    key : (int, int), optional
        Where the name is written; None where it is not.
    value : (int, int)
        Where the value is.
    """

    argument: str
    key: Span | None
    value: Span


def words_in_line(part: SpelledPart, step: type[StepBase] | None) -> Iterator[Word]:
    """Yield the values of a step in a line, in order."""
    name, colon, rest = part.line.partition(":")
    place = part.start + len(name) + 1
    fields = list(hints(step)) if step is not None else []
    one = bool(fields) and takes_sequence(hints(step)[fields[0]]) if step is not None else False
    argument, number = None, 0
    for item in rest.split(",") if colon else ():
        left, equals, _ = item.partition("=")
        end = place + len(item)
        if equals:
            argument, key = left, (place, place + len(left))
            yield Word(argument, key, (place + len(left) + 1, end))
        elif argument is not None:
            yield Word(argument, None, (place, end))
        else:
            at = 0 if one else number
            yield Word(fields[at] if at < len(fields) else "", None, (place, end))
            number += 1
        place = end + 1


def words_in_document(text: str, part: SpelledPart, end: int, argument: str) -> Iterator[Word]:
    """Yield the value of an argument in JSON or TOML, of the step whose name is at `part`."""
    pattern = rf"(?<![\w-])({re.escape(argument)})[\"']?\s*[:=]\s*"
    found = re.compile(pattern).search(text, part.end, end)
    if found:
        value = _VALUE.match(text, found.end(), end)
        start, stop = value.span() if value else found.span(1)
        quoted = text[start] in "\"'"
        yield Word(argument, found.span(1), (start + quoted, stop - quoted))


_VALUE = re.compile(r"\[[^\]]*\]|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^,}\]\n]+")
