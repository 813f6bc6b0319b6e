"""What is wrong in a pipeline's text: the library's message, the very word, and what may replace it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from jitprep.playground.spelling.arguments import Span, Word, words_in_document, words_in_line
from jitprep.playground.spelling.spelled import SpelledPart, SpelledPipeline
from preprocessing import ENCODINGS, TRANSFORMS, SpecError
from preprocessing.frozen import frozen
from preprocessing.shards.tar_step import Tar
from preprocessing.spec.coerce import TypeMismatch, Words, coerce, options
from preprocessing.spec.kinds import SOURCES
from preprocessing.spec.step import StepBase, hints

_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")


@frozen
class Mistake:
    """What is wrong in a pipeline's text.

    Parameters
    ----------
    message : str
    span : (int, int)
        The wrong word, as places in the text.
    suggestion : str, optional
        What may replace that word; None where it is not known.
    """

    message: str
    span: Span
    suggestion: str | None


def find_mistake(spelled: SpelledPipeline, error: SpecError) -> Mistake:
    """Return where the text is wrong that a SpecError is about.

    Parameters
    ----------
    spelled : SpelledPipeline
    error : SpecError
        Its step is a place among those of the text.
    """
    span, choices = _place(spelled, error)
    suggestion = error.nearest or _nearest(spelled.text[slice(*span)], choices)
    known = spelled.form != "preset" and suggestion is not None
    return Mistake(str(error), span, suggestion if known else None)


def step_named(name: str) -> type[StepBase] | None:
    """Return the class of a step, or of the word ``tar``; None where there is none."""
    if name == Tar.name:
        return Tar
    try:
        return ENCODINGS[name] if name in ENCODINGS else TRANSFORMS[name]
    except (KeyError, SpecError):
        return None


def _place(spelled: SpelledPipeline, error: SpecError) -> tuple[Span, Sequence[str]]:
    """Return where the wrong word is, and the words that could be in its place."""
    text = spelled.text
    part = _part(spelled, error)
    if spelled.form == "preset":
        return _whole(spelled), ()
    if part is None:
        return (_whole(spelled) if spelled.form == "line" else _in_document(text, error)), ()
    if part in spelled.words and part.name != Tar.name:
        return (part.start, part.end), [*SOURCES, *(f"{kind}:skip" for kind in SOURCES)]
    step = step_named(part.name)
    if not part.line and spelled.form == "line":  # underline a slash beside it
        start = max(part.start - 1, 0)
        return (start, min(start + 1, len(text))), ()
    if error.argument is None:
        known = step is not None or spelled.form == "document"
        end = part.end if known else part.start + len(part.name)
        return (part.start, end), ()
    if spelled.form == "line":
        words = [word for word in words_in_line(part, step) if word.argument == error.argument]
    else:
        after = [other.start for other in spelled.steps if other.start >= part.end]
        words = list(words_in_document(text, part, min([*after, len(text)]), error.argument))
    if not words:
        return (part.start, part.end), ()
    return _of_argument(text, words, None if step is None else hints(step).get(error.argument))


def _part(spelled: SpelledPipeline, error: SpecError) -> SpelledPart | None:
    """Return the step or the word that an error is about."""
    if error.step == 0:
        named = [part for part in spelled.words if part.name == error.argument]
        return next(iter([*named, *spelled.words]), None)
    if error.step is None or error.step > len(spelled.steps):
        return None
    return spelled.steps[error.step - 1]


def _of_argument(text: str, words: Sequence[Word], hint: Any) -> tuple[Span, Sequence[str]]:
    keys = [word.key for word in words if word.key is not None]
    if hint is None or len(keys) > 1:  # an unknown name, or one that is there twice
        at = keys[-1] if keys else words[-1].value
        return at, ()
    choices = [str(choice) for one in _elements(hint) for choice in _choices(one)]
    wrong = [word for word in words if not _fits(text[slice(*word.value)], hint)]
    if len(wrong) == 1:
        return wrong[0].value, choices
    return (words[0].value[0], words[-1].value[1]), choices


def _elements(hint: Any) -> list[Any]:
    """Return the types that one word of an argument can have."""
    found: list[Any] = []
    for one in options(hint):
        found += get_args(one) if get_origin(one) is tuple else [one]
    return [one for one in found if one is not Ellipsis]


def _choices(hint: Any) -> tuple[Any, ...]:
    if hint is bool:
        return "true", "false"
    return get_args(hint) if get_origin(hint) is Literal else ()


def _fits(text: str, hint: Any) -> bool:
    for one in _elements(hint):
        try:
            coerce(Words((text,)), one)
        except TypeMismatch:
            continue
        return True
    return False


def _nearest(wrong: str, choices: Sequence[str]) -> str | None:
    if wrong in choices:  # what is wrong with it is something else
        return None
    return next(iter(get_close_matches(wrong.lower(), choices, n=1)), None)


def _whole(spelled: SpelledPipeline) -> Span:
    given = spelled.text.strip()
    start = spelled.text.index(given)
    return start, start + len(given)


def _in_document(text: str, error: SpecError) -> Span:
    """Return where a key of JSON or TOML is wrong, or where it cannot be read: the rest of that line."""
    words = words_in_document(text, SpelledPart("", 0, 0), len(text), error.argument or "")
    if error.argument and (word := next(words, None)) and word.key:
        return word.key
    document = text.strip()
    place = _json_place(document) if document.startswith("{") else _toml_place(document)
    start = min(text.index(document) + place, len(text))
    end = text.find("\n", start)
    return start, len(text) if end < 0 else end


def _json_place(text: str) -> int:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos
    except (ValueError, RecursionError):
        pass
    return 0


def _toml_place(text: str) -> int:
    import tomllib  # noqa: PLC0415  few pipelines are TOML

    try:
        tomllib.loads(text)
    except ValueError as error:
        if found := _TOML_PLACE.search(str(error)):
            lines = text.splitlines(keepends=True)
            return sum(map(len, lines[: int(found[1]) - 1])) + int(found[2]) - 1
    except RecursionError:
        pass
    return 0
