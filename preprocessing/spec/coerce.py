"""Arguments of steps, checked and converted by the type hints of the step's fields.

A value reaches a field from Python (``Resize(256)``), from a document (JSON or TOML values) or from
one-line text (`Words`, the only place where text becomes numbers). All three end here, so that they
cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

_INT = re.compile(r"-?\d+")
_FLOAT = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE]-?\d+)?")
_BOOLS = {"true": True, "false": False}


class Words(tuple[str, ...]):
    """The values of one argument in one-line text, still unconverted."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(",".join(self))


class Mismatch(Exception):
    """A value that does not fit its field's type."""


def coerce(value: object, hint: Any) -> object:
    """Return `value` as an instance of the type `hint`.

    Raises
    ------
    Mismatch
        With what was expected and what was given.
    """
    for option in _options(hint):
        try:
            return _coerce_one(value, option)
        except Mismatch:
            continue
    raise Mismatch(f"expected {describe(hint)}, got {value!r}")


def takes_sequence(hint: Any) -> bool:
    """Whether a field of this type can hold more than one value."""
    return any(get_origin(option) is tuple for option in _options(hint))


def describe(hint: Any) -> str:
    """Name a type for the user: ``a whole number or 2 whole numbers``."""
    return " or ".join(_describe_one(option) for option in _options(hint) if option is not NoneType)


def _options(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _coerce_one(value: object, hint: Any) -> object:
    if get_origin(hint) is tuple:
        return _coerce_tuple(value, hint)
    if isinstance(value, Words):
        if len(value) != 1:
            raise Mismatch
        return _from_text(value[0], hint)
    if get_origin(hint) is Literal:
        if value not in get_args(hint) or isinstance(value, bool):
            raise Mismatch
        return value
    if hint is float and type(value) in (int, float):
        return _finite(value)
    if type(value) is not hint:
        raise Mismatch
    return value


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise Mismatch from None
    if not isfinite(number):
        raise Mismatch
    return number


def _from_text(text: str, hint: Any) -> object:
    if get_origin(hint) is Literal and text in get_args(hint):
        return text
    if hint is bool and text in _BOOLS:
        return _BOOLS[text]
    if hint is int and _INT.fullmatch(text):
        return int(text)
    if hint is float and _FLOAT.fullmatch(text):
        return _finite(text)
    if hint is str:
        return text
    raise Mismatch


def _coerce_tuple(value: object, hint: Any) -> tuple[object, ...]:
    items: Sequence[object]
    if isinstance(value, Words):
        items = [Words((word,)) for word in value]
    elif isinstance(value, list | tuple):
        items = value
    else:
        raise Mismatch
    inner = get_args(hint)
    if inner[-1] is Ellipsis:
        return tuple(coerce(item, inner[0]) for item in items)
    if len(items) != len(inner):
        raise Mismatch
    return tuple(coerce(item, kind) for item, kind in zip(items, inner, strict=True))


_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "a name"}


def _describe_one(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(str(name) for name in get_args(hint))
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        count = "" if inner[-1] is Ellipsis else f"{len(inner)} "
        plural = {int: "whole numbers", float: "numbers"}.get(inner[0], "values")
        return f"{count}{plural}"
    return _NAMES.get(hint, str(hint))
