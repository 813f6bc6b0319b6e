"""`frozen` behaves as ``dataclass(frozen=True)`` does."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.frozen import frozen


@frozen
class Ours:
    """As below."""

    a: int
    b: str = "x"

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError(self.a)


@dataclass(frozen=True)
class Theirs:
    """As above."""

    a: int
    b: str = "x"


@frozen
class OursWithOptions:
    """As below."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class TheirsWithOptions:
    """As above."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


@frozen
class Nothing:
    """A class without fields."""


@frozen
class More(Ours):
    """Fields of its own behind inherited ones."""

    c: float = 0.5


values = st.tuples(st.integers(0, 3), st.sampled_from(["x", "y"]))


@given(values, values)
def test_equality_and_hashes(one: tuple, other: tuple) -> None:
    ours, theirs = (Ours(*one), Ours(*other)), (Theirs(*one), Theirs(*other))
    assert (ours[0] == ours[1]) == (theirs[0] == theirs[1])
    assert len(set(ours)) == len(set(theirs))
    assert repr(ours[0]) == repr(theirs[0]).replace("Theirs", "Ours")
    assert ours[0] != theirs[0]


@given(values)
def test_copies(given_: tuple) -> None:
    value = Ours(*given_)
    for other in (copy.deepcopy(value), pickle.loads(pickle.dumps(value)), replace(value)):
        assert other == value
    assert replace(value, b="z") == Ours(given_[0], b="z")


def test_inheritance_and_fields() -> None:
    assert More(1, c=2.0) == More(1, "x", 2.0) != Ours(1)
    assert [field.name for field in fields(More)] == ["a", "b", "c"]
    assert Nothing() == Nothing() != Ours(1)
    assert hash(Nothing()) == hash(Nothing())
    with pytest.raises(ValueError, match="-1"):
        More(-1)


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "Ours lacks the arguments a"),
        ((), {"b": "y"}, "Ours lacks the arguments a"),
        ((1, "x", 2), {}, "Ours takes 2 arguments, got 3"),
        ((1,), {"a": 2}, "Ours got the argument 'a' twice"),
        ((1,), {"c": 2}, "Ours has no argument 'c'"),
        ((), {"c": 2}, "Ours has no argument 'c'"),
    ],
)
def test_wrong_arguments(args: tuple, kwargs: dict, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Ours(*args, **kwargs)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (("u",), {}),
        (("u", {"a": "b"}), {}),
        (("u",), {"headers": {"a": "b"}}),
        ((), {"status": 404, "url": "u"}),
        (("u", {}, 404), {}),
    ],
)
def test_options_of_fields(args: tuple, kwargs: dict) -> None:
    ours, theirs = OursWithOptions(*args, **kwargs), TheirsWithOptions(*args, **kwargs)
    assert vars(ours) == vars(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")


def test_each_instance_gets_a_default_of_its_own() -> None:
    one, other = OursWithOptions("u"), OursWithOptions("u")
    assert one == other
    assert one.headers is not other.headers
    assert replace(one, status=404).headers is one.headers


def test_a_factory_does_not_hide_a_missing_argument() -> None:
    with pytest.raises(TypeError, match="OursWithOptions lacks the arguments url"):
        OursWithOptions()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="got the argument 'headers' twice"):
        OursWithOptions("u", {}, headers={})  # type: ignore[misc]


def test_nothing_can_be_assigned() -> None:
    value = Ours(1)
    with pytest.raises(FrozenInstanceError, match="'a' of a Ours"):
        value.a = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="'a' of a Ours"):
        del value.a
    assert value == Ours(1)
