"""Checks of a class that derives from `Step`, made when it is defined, and the register of them."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from preprocessing.encodings import ENCODINGS
from preprocessing.errors import SpecError
from preprocessing.frozen import frozen
from preprocessing.media import Kind, SampleType
from preprocessing.own_steps.calls import SPECS, describe_step
from preprocessing.spec.coerce import TypeMismatch, coerce, options
from preprocessing.spec.kinds import SOURCES
from preprocessing.spec.parse import RESERVED
from preprocessing.spec.step import hints
from preprocessing.transforms import TRANSFORMS

if TYPE_CHECKING:
    from preprocessing.own_steps.step import Step

# Steps by name. A class that is defined again, as in a notebook, replaces the one before.
REGISTERED: dict[str, type[Step]] = {}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OURS = frozenset({"__init__", "__post_init__", "choose", "infer", "lower"})
_SCALARS = (int, float, bool, str, NoneType)


def define(cls: type[Step], base: type[Step]) -> None:
    """Make a class a frozen dataclass, and register it as a step if it has `apply`.

    Raises
    ------
    SpecError
        If the class is incomplete, or its name is that of another step.
    """
    for taken in sorted(_OURS & vars(cls).keys()):
        raise _wrong(
            cls, f"defines `{taken}`, which is the library's; use fields, `check` and `result`"
        )
    frozen(cls)
    for field in fields(cls):  # type: ignore[arg-type]  # frozen made it a dataclass
        if hasattr(base, field.name):
            raise _wrong(
                cls, f"has a field {field.name!r}; write {field.name} = ... without a type"
            )
    if cls.apply is base.apply:
        return  # a base of other steps
    if "name" not in vars(cls):
        cls.name = _WORD_BORDER.sub("_", cls.__name__).lower()
    _require_attributes(cls)
    _require_fields(cls)
    _register(cls)


def _wrong(cls: type[Any], what: str) -> SpecError:
    return SpecError(f"the class {cls.__module__}.{cls.__qualname__} {what}")


def _require_attributes(cls: type[Step]) -> None:
    version, takes, gives = cls.version, cls.input_kinds, cls.output_kind
    if type(version) is not int or version < 0:
        raise _wrong(
            cls,
            "needs a version, a whole number that is raised when its results change: write version = 1",
        )
    for flag in ("random", "strided", "keeps_places"):
        if type(getattr(cls, flag)) is not bool:
            raise _wrong(cls, f"has {flag} = {getattr(cls, flag)!r}; write True or False")
    for name, choices in (("input_kinds", get_args(Kind)), ("dtypes", get_args(SampleType))):
        given = getattr(cls, name)
        if not isinstance(given, tuple) or not set(given) <= set(choices):
            raise _wrong(cls, f"has {name} = {given!r}; write a tuple of {', '.join(choices)}")
    if not takes:
        raise _wrong(cls, "has no input_kinds; name one at least")
    if gives is not None and (gives not in SPECS or "video" in takes):
        raise _wrong(
            cls,
            f"has output_kind = {gives!r} for {' and '.join(takes)}; it may be {', '.join(SPECS)}, and "
            "then a step cannot take video",
        )


def _require_fields(cls: type[Step]) -> None:
    try:
        types = hints(cls)
    except NameError as error:
        raise _wrong(cls, f"has a type that cannot be resolved: {error}") from error
    optional = ""
    for field in fields(cls):  # type: ignore[arg-type]  # as above
        hint = types[field.name]
        if not _is_supported(hint):
            raise _wrong(
                cls,
                f"has the field {field.name!r} of type {hint}; arguments are int, float, bool, str, "
                "Literal, tuples and unions of these",
            )
        if field.default_factory is not MISSING:
            raise _wrong(cls, f"has a default_factory for {field.name!r}; write a default")
        if field.default is MISSING:
            if optional:
                raise _wrong(cls, f"has {field.name!r}, without a default, after {optional!r}")
            continue
        optional = field.name
        try:
            coerce(field.default, hint)
        except TypeMismatch as error:
            raise _wrong(cls, f"has a wrong default for {field.name!r}: {error}") from None


def _is_supported(hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return all(type(choice) in _SCALARS for choice in get_args(hint))
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        return bool(inner) and all(one is Ellipsis or one in _SCALARS for one in inner)
    choices = options(hint)
    return all(map(_is_supported, choices)) if len(choices) > 1 else hint in _SCALARS


def _register(cls: type[Step]) -> None:
    name = cls.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong(
            cls, f"has the name {name!r}; write name = ..., of a-z, 0-9 and _, with a letter first"
        )
    if name in TRANSFORMS.catalogue or name in ENCODINGS.catalogue:
        kind = "step" if name in TRANSFORMS.catalogue else "encoding"
        raise SpecError(
            f"{describe_step(cls)} has the name of the library's {kind}; write name = ..."
        )
    if name in {*SOURCES, *RESERVED}:
        raise SpecError(
            f"{describe_step(cls)} has the name of a word of pipelines; write name = ..."
        )
    other = REGISTERED.get(name)
    if other is not None and _place(other) != _place(cls):
        raise SpecError(f"{describe_step(cls)} has the name of {describe_step(other)}; rename one")
    REGISTERED[name] = cls


def _place(cls: type[Step]) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
