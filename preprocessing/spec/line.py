"""The one-line spelling: ``resize:256/center_crop:224/normalize:imagenet/npy``.

.. code-block:: text

    line     = [ "exact/" ] step *( "/" step )      the last step may be an encoding
    step     = name [ ":" argument *( "," argument ) ]
    argument = [ key "=" ] value                    a value without a key belongs to the key before it

Characters that a URL's query cannot contain are percent-encoded.
"""

from __future__ import annotations

import re

from preprocessing.errors import SpecError
from preprocessing.frozen import frozen
from preprocessing.spec.coerce import Words, show, takes_sequence
from preprocessing.spec.step import StepBase, hints, keywords, positional

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")


@frozen
class StepText:
    """A step as written: its name, its positional values, and its values by key."""

    name: str
    positional: Words
    keywords: dict[str, Words]


def parse_step(text: str) -> StepText:
    """Parse one step.

    Raises
    ------
    SpecError
        If a name or value is empty, or a key is given twice.
    """
    name, colon, rest = text.partition(":")
    if not name:
        raise SpecError("empty step; write the steps between single slashes")
    lists: dict[str | None, list[str]] = {}
    key: str | None = None
    for item in rest.split(",") if colon else ():
        left, equals, right = item.partition("=")
        if equals:
            if not left:
                raise SpecError(f"no argument name before the '=' of {show(item)}")
            if left in lists:
                raise SpecError(f"argument {show(left)} is given twice", argument=left)
            key = left
        value = right if equals else left
        if not value:
            raise SpecError(f"empty value in {show(text)}")
        lists.setdefault(key, []).append(_unquote(value) if "%" in value else value)
    first = Words(lists.pop(None, ()))
    return StepText(
        name, first, {key: Words(values) for key, values in lists.items() if key is not None}
    )


def bind(call: StepText, step: type[StepBase]) -> dict[str, object]:
    """Return the arguments by field name, the positional ones included.

    If the first field can hold several values it takes all positional ones; otherwise each field takes
    one, in order.
    """
    names = list(hints(step))
    arguments: dict[str, object] = dict(call.keywords)
    if not call.positional:
        return arguments
    if names and takes_sequence(hints(step)[names[0]]):
        given: dict[str, object] = {names[0]: call.positional}
    else:
        if len(call.positional) > len(names):
            raise SpecError(f"takes at most {len(names)} values, got {len(call.positional)}")
        given = {name: Words((v,)) for name, v in zip(names, call.positional, strict=False)}
    for name in given:
        if name in arguments:
            raise SpecError(f"argument {name!r} is given twice", argument=name)
    return given | arguments


def write_step(step: StepBase, *, all_fields: bool = False) -> str:
    """Return a step's text: required values, then those that differ from their default, or all.

    With `all_fields`, which is for hashing, the name has the step's version if it has one: ``name@1``.
    """
    values = [write_value(value) for value in positional(step)]
    named = keywords(step, all_fields=all_fields)
    values += [f"{key}={write_value(value)}" for key, value in named.items()]
    name = f"{step.name}@{step.version}" if all_fields and step.version is not None else step.name
    return f"{name}:{','.join(values)}" if values else name


def write_value(value: object) -> str:
    """Return the text of an argument's value."""
    if isinstance(value, tuple):
        return ",".join(write_value(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).replace("e+", "e")
    text = str(value)
    return text if _PLAIN.fullmatch(text) else _quote(text)


def _quote(text: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415  takes 5 ms and is rarely needed

    return quote(text, safe="")


def _unquote(text: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415

    return unquote(text)
