"""Documents that may be wrong, as lines: what the page's cards say, before it is a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preprocessing import ENCODINGS, TRANSFORMS, SpecError
from preprocessing.shards.tar_step import Tar
from preprocessing.spec.line import write_value
from preprocessing.spec.step import StepBase, required


def line_of_document(document: Mapping[str, Any]) -> str:
    """Return a document as a line, wrong where the document is."""
    words = []
    if isinstance(document.get(Tar.name), Mapping):
        words.append(_line(Tar.name, document[Tar.name], Tar))
    if document.get("exact"):
        words.append("exact")
    if document.get("skip"):
        words.append(f"{_text(document.get('kind') or 'image')}:skip")
    elif document.get("kind"):
        words.append(_text(document["kind"]))
    return "/".join([*words, *step_lines(document)])


def step_lines(document: Mapping[str, Any]) -> list[str]:
    """Return the lines of a document's steps; the last is that of its encoding, where it has one."""
    entries = document.get("steps")
    given = list(entries) if isinstance(entries, list | tuple) else []
    given += [document["encode"]] if "encode" in document else []
    return [_entry(entry) for entry in given]


def _entry(entry: object) -> str:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return _text(entry)
    ((name, arguments),) = entry.items()
    return _line(_text(name), arguments if isinstance(arguments, Mapping) else {}, _step(name))


def _line(name: str, arguments: Mapping[str, Any], step: type[StepBase] | None) -> str:
    """Return a step's line: first the required values, without their names while none is missing."""
    given = {str(key): value for key, value in arguments.items() if value not in (None, "", [])}
    values = []
    for key in () if step is None else required(step):
        if key not in given:
            break
        values.append(_text(given.pop(key)))
    values += [f"{_text(key)}={_text(value)}" for key, value in given.items()]
    return f"{name}:{','.join(values)}" if values else name


def _step(name: object) -> type[StepBase] | None:
    try:
        return ENCODINGS[str(name)] if name in ENCODINGS else TRANSFORMS[str(name)]
    except (KeyError, SpecError):
        return None


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    if isinstance(value, str):  # half of a surrogate pair has no UTF-8
        return write_value(value.encode(errors="replace").decode())
    return write_value(value)
