"""The one-line spelling: ``resize:256/center_crop:224/normalize:imagenet/npy``.

.. code-block:: text

    line     = [ "exact/" ] step *( "/" step )      the last step may be an encoding
    step     = name [ ":" argument *( "," argument ) ]
    argument = [ key "=" ] value                    values without a key belong to the key before them

Every character is one that a URL's query carries as it is; others are percent-encoded.
"""

from __future__ import annotations

import re

from preprocessing.errors import SpecError
from preprocessing.frozen import frozen
from preprocessing.spec.coerce import Words, show, takes_sequence
from preprocessing.spec.step import Step, hints, keywords, positional

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")


@frozen
class StepText:
    """A step as written: its name, the values before any key, and the values of each key."""

    name: str
    positional: Words
    keywords: dict[str, Words]


def parse_step(text: str) -> StepText:
    """Parse one step.

    Raises
    ------
    SpecError
        For an empty name or value, or a key given twice.
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
                raise SpecError(f"argument {show(left)} is given twice")
            key = left
        value = right if equals else left
        if not value:
            raise SpecError(f"empty value in {show(text)}")
        lists.setdefault(key, []).append(_unquote(value) if "%" in value else value)
    first = Words(lists.pop(None, ()))
    return StepText(
        name, first, {key: Words(values) for key, values in lists.items() if key is not None}
    )


def bind(call: StepText, step: type[Step]) -> dict[str, object]:
    """Give the values before any key to the fields they belong to.

    A first field that can hold several values takes them all; otherwise each field takes one, in order.
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
            raise SpecError(f"argument {name!r} is given twice")
    return given | arguments


def write_step(step: Step, *, all_fields: bool = False) -> str:
    """Return a step's text: required values first, then whatever differs from its default, or all."""
    values = [_write(value) for value in positional(step)]
    named = keywords(step, all_fields=all_fields)
    values += [f"{key}={_write(value)}" for key, value in named.items()]
    return f"{step.name}:{','.join(values)}" if values else step.name


def _write(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(_write(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).replace("e+", "e")
    text = str(value)
    return text if _PLAIN.fullmatch(text) else _quote(text)


def _quote(text: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415  5 ms to import, and hardly ever needed

    return quote(text, safe="")


def _unquote(text: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415

    return unquote(text)
