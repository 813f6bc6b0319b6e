"""`frozen`: a class decorator like ``dataclass(frozen=True)``, but cheaper at import.

``dataclass`` generates source text for the methods of each class and compiles it, which takes about half
a millisecond per class at every import. `frozen` gives all classes one shared set of methods, and so
shortens a cold start; see docs/decisions/cold-start.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import itemgetter
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make a class a frozen dataclass; `dataclasses.fields` and `dataclasses.replace` work with it.

    Instances are equal if they have the same class and equal fields, and hashable if all fields are.
    ``__post_init__`` is called if the class has one, and a ``__repr__`` that it defines or inherits is
    kept. Of ``field``'s options, `default`, `default_factory` and `repr` are supported.
    """
    made: Any = dataclass(init=False, repr=False, eq=False)(cls)
    names = tuple(field.name for field in fields(made))
    made._names = names
    made._known = frozenset(names)
    made._checked = hasattr(made, "__post_init__")
    made._shown = tuple(f.name for f in fields(made) if f.repr)
    made._defaults = {f.name: f.default for f in fields(made) if f.default is not MISSING}
    made._factories = tuple(
        (f.name, f.default_factory) for f in fields(made) if f.default_factory is not MISSING
    )
    made._values = staticmethod(itemgetter(*names) if names else len)
    for method in ("__init__", "__eq__", "__hash__", "__setattr__", "__delattr__"):
        setattr(made, method, vars(_Shared)[method])
    if made.__repr__ is object.__repr__:
        made.__repr__ = _Shared.__repr__
    kept: type[_T] = made
    return kept


class _Shared:
    """The methods of every frozen class."""

    _names: tuple[str, ...]
    _shown: tuple[str, ...]
    _known: frozenset[str]
    _checked: bool
    __post_init__: Callable[[], None]
    _defaults: dict[str, Any]
    _factories: tuple[tuple[str, Callable[[], Any]], ...]
    _values: Callable[[dict[str, Any]], Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        values, names = self.__dict__, self._names
        if kwargs or len(args) != len(names):
            values.update(self._defaults)
            values.update(kwargs)
            for name, factory in self._factories:
                if name not in kwargs and name not in names[: len(args)]:
                    values[name] = factory()
            twice = kwargs and not kwargs.keys().isdisjoint(names[: len(args)])
            values.update(zip(names, args, strict=False))
            if values.keys() != self._known or len(args) > len(names) or twice:
                raise TypeError(_complaint(type(self).__name__, names, values, args, kwargs))
        else:
            values.update(zip(names, args, strict=True))
        if self._checked:
            self.__post_init__()

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self._shown)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return bool(self._values(self.__dict__) == self._values(vars(other)))

    def __hash__(self) -> int:
        return hash(self._values(self.__dict__))

    def __setattr__(self, name: str, _: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r} of a {type(self).__name__}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r} of a {type(self).__name__}")


def _complaint(
    name: str,
    names: tuple[str, ...],
    values: dict[str, Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> str:
    if len(args) > len(names):
        return f"{name} takes {len(names)} arguments, got {len(args)}"
    for key in kwargs:
        if key not in names:
            return f"{name} has no argument {key!r}"
        if key in names[: len(args)]:
            return f"{name} got the argument {key!r} twice"
    missing = [key for key in names if key not in values]
    return f"{name} lacks the arguments {', '.join(missing)}"
