"""Strategies for steps that have none of their own, derived from the types of their fields.

They draw small numbers and keep what the step accepts. That is enough for many steps; for others
`test_every_step_has_a_strategy` fails and names the module to extend.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import assume
from hypothesis import strategies as st

from preprocessing import SpecError
from preprocessing.spec.step import Registry, StepBase, hints

_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(0, 24),
    float: st.sampled_from((0.0, 0.5, 1.0)) | st.floats(-1, 24, width=32),
    str: st.text("abcxyz", min_size=1, max_size=9),
}


def derive(step: type[StepBase]) -> st.SearchStrategy[Any]:
    """Return a strategy of steps of this class that are valid by themselves."""
    arguments = st.fixed_dictionaries({key: _of(hint) for key, hint in hints(step).items()})

    @st.composite
    def steps(draw: st.DrawFn) -> StepBase:
        try:
            return step(**draw(arguments))
        except SpecError:
            assume(False)
            raise

    return steps()


def missing(registry: Registry, given: Iterable[str], folder: str = "") -> dict[str, Any]:
    """Return a strategy for each step, of one folder, that is not among those given."""
    return {
        name: derive(registry[name])
        for name, path in registry.catalogue.items()
        if path.startswith(folder) and name not in {*given}
    }


def _of(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) in (Union, UnionType):
        return st.one_of(*map(_of, get_args(hint)))
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        if inner[-1] is Ellipsis:
            return st.lists(_of(inner[0]), min_size=1, max_size=3).map(tuple)
        return st.tuples(*map(_of, inner))
    return _SIMPLE[hint]
