"""From text or a document to steps, and back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preprocessing.encodings import DEFAULT_ENCODING, ENCODINGS, Encoding
from preprocessing.errors import SpecError
from preprocessing.grammar.coerce import show
from preprocessing.grammar.line import bind, read_call, write_step
from preprocessing.grammar.step import Step, keywords, positional, required, suggest
from preprocessing.transforms import TRANSFORMS, Transform

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
_EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a spec says."""

    steps: tuple[Transform, ...]
    encoding: Encoding
    exact: bool


@contextmanager
def naming(index: int, name: str) -> Iterator[None]:
    """Put the step's place (from 1) and name before any SpecError raised inside."""
    try:
        yield
    except SpecError as error:
        raise SpecError(f"step {index} {show(name)}: {error}") from None


def parse(source: str | Mapping[str, Any]) -> Parsed:
    """Read any spelling: one line, JSON text, TOML text, or the mapping that these hold.

    Raises
    ------
    SpecError
    """
    if isinstance(source, Mapping):
        return _from_document(source)
    text = source.strip()
    if text.startswith("{"):
        return _from_document(_load(json.loads, text, "JSON"))
    if "\n" in text:
        return _from_document(_load(tomllib.loads, text, "TOML"))
    return _from_line(text)


def write_line(parsed: Parsed) -> str:
    """Return the canonical one-line spelling; `parse` is its inverse."""
    steps: tuple[Step, ...] = (*parsed.steps, parsed.encoding)
    return "/".join([_EXACT] * parsed.exact + [write_step(step) for step in steps])


def write_document(parsed: Parsed, *, all_fields: bool = False) -> dict[str, Any]:
    """Return the document spelling, of values that JSON and TOML can hold; `parse` is its inverse."""
    document: dict[str, Any] = {"version": VERSION}
    if parsed.exact or all_fields:
        document["exact"] = parsed.exact
    document["steps"] = [_entry(step, all_fields=all_fields) for step in parsed.steps]
    document["encode"] = _entry(parsed.encoding, all_fields=all_fields)
    return document


def _from_line(text: str) -> Parsed:
    if not text:
        raise SpecError("the pipeline is empty; write at least one step, such as resize:256")
    parts = text.split("/")
    exact = parts[0] == _EXACT
    calls = []
    for index, part in enumerate(parts[exact:], 1):
        with naming(index, part.partition(":")[0]):
            calls.append(read_call(part))
    encoding: Encoding = DEFAULT_ENCODING
    steps = []
    for index, call in enumerate(calls, 1):
        with naming(index, call.name):
            if call.name in ENCODINGS:
                if index < len(calls):
                    raise SpecError("an encoding must be the last step")
                encoding = ENCODINGS.build(call.name, bind(call, ENCODINGS[call.name]))
            elif call.name in TRANSFORMS:
                steps.append(TRANSFORMS.build(call.name, bind(call, TRANSFORMS[call.name])))
            else:
                raise SpecError(f"unknown step{suggest(call.name, [*TRANSFORMS, *ENCODINGS])}")
    return Parsed(tuple(steps), encoding, exact)


def _from_document(document: Mapping[str, Any]) -> Parsed:
    known = ("version", "exact", "steps", "encode")
    for key in document:
        if key not in known:
            raise SpecError(f"unknown key {show(key)} in the document{suggest(str(key), known)}")
    if document.get("version") != VERSION:
        raise SpecError(f"version must be {VERSION}, got {show(document.get('version'))}")
    exact = document.get("exact", False)
    if not isinstance(exact, bool):
        raise SpecError(f"exact must be true or false, got {show(exact)}")
    entries = document.get("steps", [])
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise SpecError(f"steps must be a list, got {show(entries)}")
    steps = []
    for index, entry in enumerate(entries, 1):
        name, arguments = _split(entry, f"step {index}")
        with naming(index, name):
            steps.append(TRANSFORMS.build(name, arguments))
    if "encode" not in document:
        return Parsed(tuple(steps), DEFAULT_ENCODING, exact)
    name, arguments = _split(document["encode"], "encode")
    with naming(len(steps) + 1, name):
        return Parsed(tuple(steps), ENCODINGS.build(name, arguments), exact)


def _split(entry: object, where: str) -> tuple[str, Mapping[str, object]]:
    if isinstance(entry, Mapping) and len(entry) == 1:
        ((name, arguments),) = entry.items()
        if isinstance(arguments, Mapping):
            return str(name), arguments
    raise SpecError(
        f'{where}: must be one name with its arguments, {{"name": {{...}}}}, got {show(entry)}'
    )


def _entry(step: Step, *, all_fields: bool) -> dict[str, Any]:
    values = dict(zip(required(type(step)), positional(step), strict=True))
    values |= keywords(step, all_fields=all_fields)
    return {step.name: {key: _plain(value) for key, value in values.items()}}


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _load(loads: Any, text: str, language: str) -> Mapping[str, Any]:
    try:
        loaded = loads(text)
    except ValueError as error:
        raise SpecError(f"not valid {language}: {error}") from None
    except RecursionError:
        raise SpecError(f"not valid {language}: nested too deeply") from None
    if not isinstance(loaded, Mapping):
        raise SpecError(f"the document must be a table, got {show(loaded)}")
    return loaded
