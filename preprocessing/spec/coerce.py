"""Check and convert the arguments of steps by the type hints of their fields.

A value reaches a field from Python (``Resize(256)``), from a document (JSON or TOML values) or from
one-line text (`Words`). All three are converted here, so that they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

_INT = re.compile(r"-?\d{1,18}")
_FLOAT = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE]-?\d+)?")
_LARGEST_INT = 2**63 - 1  # TOML's
_SHOWN = 80
_BOOLS = {"true": True, "false": False}
_PLAIN = (int, str, bool)


class Words(tuple[str, ...]):
    """The values of one argument in one-line text, not yet converted."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(",".join(self))


class TypeMismatch(Exception):
    """A value does not fit its field's type."""


def show(value: object) -> str:
    """Return a value for a message, shortened: it may be of any size."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of thousands of digits, or deeply nested lists
        return f"a huge {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]}...{text[-1]}"


def coerce(value: object, hint: Any) -> object:
    """Return `value` as an instance of the type `hint`.

    Raises
    ------
    TypeMismatch
        With the expected type and the given value.
    """
    if type(value) is hint and hint in _PLAIN and _portable(value):
        return value
    for option in options(hint):
        try:
            return _coerce_one(value, option)
        except TypeMismatch:
            continue
    raise TypeMismatch(f"expected {describe(hint)}, got {show(value)}")


def takes_sequence(hint: Any) -> bool:
    """Return whether a field of this type can hold more than one value."""
    return any(get_origin(option) is tuple for option in options(hint))


def describe(hint: Any) -> str:
    """Return a type as messages name it: ``a whole number or 2 whole numbers``."""
    return " or ".join(_describe_one(option) for option in options(hint) if option is not NoneType)


@lru_cache
def options(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union, or the one type."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


@lru_cache
def _origin(hint: Any) -> Any:
    return get_origin(hint)


def _coerce_one(value: object, hint: Any) -> object:
    if _origin(hint) is tuple:
        return _coerce_tuple(value, hint)
    if isinstance(value, Words):
        if len(value) != 1:
            raise TypeMismatch
        return _from_text(value[0], hint)
    if _origin(hint) is Literal:
        # The types are compared too: 1.0 and True equal 1, but are written differently.
        if not any(type(value) is type(choice) and value == choice for choice in get_args(hint)):
            raise TypeMismatch
        return value
    if hint is float and type(value) in (int, float):
        return _finite(value)
    if type(value) is not hint or not _portable(value):
        raise TypeMismatch
    return value


def _portable(value: object) -> bool:
    """Return whether every spelling can hold the value: TOML has 64-bit integers, text is UTF-8."""
    if isinstance(value, int):
        return abs(value) <= _LARGEST_INT
    return (
        not isinstance(value, str)
        or value.isascii()
        or value.encode(errors="ignore").decode() == value
    )


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise TypeMismatch from None
    if not isfinite(number):
        raise TypeMismatch
    return number + 0.0  # -0.0 becomes 0.0: they are equal, but written differently


def _from_text(text: str, hint: Any) -> object:
    if get_origin(hint) is Literal:
        for choice in get_args(hint):
            if text == str(choice):
                return choice
    if hint is bool and text in _BOOLS:
        return _BOOLS[text]
    if hint is int and _INT.fullmatch(text):
        return int(text)
    if hint is float and _FLOAT.fullmatch(text):
        return _finite(text)
    if hint is str and _portable(text):
        return text
    raise TypeMismatch


def _coerce_tuple(value: object, hint: Any) -> tuple[object, ...]:
    items: Sequence[object]
    if isinstance(value, Words):
        items = [Words((word,)) for word in value]
    elif isinstance(value, list | tuple):
        items = value
    else:
        raise TypeMismatch
    inner = get_args(hint)
    if inner[-1] is Ellipsis:
        return tuple(coerce(item, inner[0]) for item in items)
    if len(items) != len(inner):
        raise TypeMismatch
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
