"""Base class and registry of transforms and encodings.

A step is a frozen dataclass, whose name and fields determine its spelling. CONTRIBUTING.md explains how
to add one to the library; `preprocessing.Step` is the base of steps that are not part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from preprocessing.errors import SpecError
from preprocessing.spec.coerce import TypeMismatch, coerce, show

S = TypeVar("S", bound="StepBase")
_LISTED = 400  # characters of names in a message, which becomes part of an HTTP response


class StepBase:
    """Base of transforms and encodings, all of them frozen dataclasses."""

    name: ClassVar[str]
    version: ClassVar[int | None] = None
    """Of a step that is not part of the library; those have the library's numerics version."""

    def __post_init__(self) -> None:
        for key, hint in hints(type(self)).items():
            try:
                value = coerce(getattr(self, key), hint)
            except TypeMismatch as error:
                raise SpecError(f"{key}: {error}", argument=key) from None
            object.__setattr__(self, key, value)
        try:
            self.check()
        except SpecError as error:
            named = str(error).partition(":")[0]  # where it is about one argument
            if named in hints(type(self)):
                error.argument = named
            raise

    def check(self) -> None:
        """Raise SpecError if the fields have the right types but wrong values.

        A message about one field begins with its name and a colon.
        """

    def __repr__(self) -> str:
        given = [repr(value) for value in positional(self)]
        given += [f"{key}={value!r}" for key, value in keywords(self).items()]
        return f"{type(self).__name__}({', '.join(given)})"


def require(condition: bool, message: str) -> None:
    """Raise SpecError with `message` unless `condition` holds."""
    if not condition:
        raise SpecError(message)


_HINTS: dict[type[Any], dict[str, Any]] = {}


def hints(step: type[Any]) -> dict[str, Any]:
    """Return the type of each field, in order."""
    if step not in _HINTS:
        known = get_type_hints(step)
        _HINTS[step] = {field.name: known[field.name] for field in fields(step)}
    return _HINTS[step]


def required(step: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields without a default, which are written without names."""
    return tuple(field.name for field in fields(step) if field.default is MISSING)


def positional(step: StepBase) -> list[object]:
    """Return the values of the required fields."""
    return [getattr(step, name) for name in required(type(step))]


def keywords(step: StepBase, *, all_fields: bool = False) -> dict[str, object]:
    """Return the fields that differ from their default, or all that have one, by name."""
    kind: type[Any] = type(step)
    return {
        field.name: getattr(step, field.name)
        for field in fields(kind)
        if field.name not in required(kind)
        and (all_fields or getattr(step, field.name) != field.default)
    }


class Registry(Generic[S]):
    """The transforms or the encodings, by name. Their modules are imported on first use.

    Parameters
    ----------
    noun : str
        "transform" or "encoding", for messages.
    package : str
        Package of their modules.
    catalogue : mapping of str to str
        ``module.Class`` of each name.
    own : callable
        Returns the steps that are not part of the library, by name. It is called only for names that
        are not in the catalogue, because it may have to load them. Iteration leaves them out.
    """

    def __init__(
        self,
        noun: str,
        package: str,
        catalogue: Mapping[str, str],
        own: Callable[[], Mapping[str, type[S]]] = dict,
    ) -> None:
        self.noun = noun
        self.package = package
        self.catalogue = catalogue
        self.own = own
        self._by_class = {path.rpartition(".")[2]: name for name, path in catalogue.items()}
        self._steps: dict[str, type[S]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.catalogue or name in self.own()

    def __iter__(self) -> Iterator[str]:
        return iter(self.catalogue)

    def __getitem__(self, name: str) -> type[S]:
        if name not in self.catalogue:
            return self.own()[name]
        if name not in self._steps:
            module, _, step = self.catalogue[name].rpartition(".")
            self._steps[name] = getattr(import_module(f"{self.package}.{module}"), step)
        return self._steps[name]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, as Python spells the steps."""
        return tuple(self._by_class)

    def by_class(self, name: str) -> type[S]:
        """Return the class of this name; KeyError where there is none."""
        return self[self._by_class[name]]

    def build(self, name: str, arguments: Mapping[str, object]) -> S:
        """Create the step `name` with these arguments.

        Raises
        ------
        SpecError
            If the name or an argument is unknown, an argument is missing, or a value is wrong.
        """
        if name not in self:
            raise SpecError(
                f"unknown {self.noun} {show(name)}{suggest(name, self, self.own())}",
                nearest=nearest(name, [*self, *self.own()]),
            )
        step = self[name]
        for key in arguments:
            if key not in hints(step):
                raise SpecError(
                    f"unknown argument {show(key)}{suggest(str(key), hints(step))}",
                    argument=str(key),
                    nearest=nearest(str(key), hints(step)),
                )
        missing = [key for key in required(step) if key not in arguments]
        if missing:
            raise SpecError(f"missing argument {missing[0]!r}", argument=missing[0])
        return step(**arguments)


def nearest(wrong: str, right: Iterable[str]) -> str | None:
    """Return the name that was probably meant; None if none is near."""
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    return next(iter(get_close_matches(wrong.lower(), list(right), n=1)), None)


def suggest(wrong: str, right: Iterable[str], own: Iterable[str] = ()) -> str:
    """Return the end of a message: the nearest name, or all of them if they are few.

    `own` are the names of steps that are not part of the library.
    """
    names, added = list(right), sorted(own)
    close = nearest(wrong, [*names, *added])
    if close is not None:
        return f"; did you mean {close!r}?"
    choices = ", ".join(sorted([*names, *added]))
    if len(choices) > _LISTED:
        others = ", ".join(added)
        besides = f", and your own are {others}" if len(others) <= _LISTED else ""
        if not added:
            besides = "; for a step of your own, name its module in JITPREP_STEPS, or import it"
        return f"; docs/steps.md lists all {len(names)}{besides}"
    return f"; choose from {choices}" if names else "; it takes none"
