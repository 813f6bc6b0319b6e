"""A step in a document: one name with its arguments, ``{"resize": {"size": 256}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preprocessing.errors import SpecError
from preprocessing.spec.coerce import show
from preprocessing.spec.step import StepBase, keywords, positional, required


def split_entry(found: object, where: str) -> tuple[str, Mapping[str, object]]:
    """Return the name and the arguments of an entry.

    Raises
    ------
    SpecError
        Where it is something else; `where` is its place in the document.
    """
    if isinstance(found, Mapping) and len(found) == 1:
        ((name, arguments),) = found.items()
        if isinstance(arguments, Mapping):
            return str(name), arguments
    raise SpecError(
        f'{where}: must be one name with its arguments, {{"name": {{...}}}}, got {show(found)}'
    )


def write_entry(step: StepBase) -> dict[str, Any]:
    """Return a step as an entry."""
    return {step.name: plain_arguments(step)}


def plain_arguments(step: StepBase) -> dict[str, Any]:
    """Return a step's arguments as a document holds them, without those that have their default."""
    values = dict(zip(required(type(step)), positional(step), strict=True))
    values |= keywords(step)
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
