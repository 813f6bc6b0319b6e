"""A class that cannot be a step is refused when it is defined, with what to write instead."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import pytest

import preprocessing
from preprocessing import Pipeline, SpecError

from .steps import Solarise2


def apply(self, image, rng):
    return image


def define(
    _class: str = "Own", _bases: tuple[type, ...] = (preprocessing.Step,), **members: Any
) -> Any:
    members = {"version": 1, "apply": apply, **members, "__module__": __name__}
    return type(_class, _bases, {key: value for key, value in members.items() if value is not ...})


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"version": ...}, "needs a version"),
        ({"version": "1"}, "needs a version"),
        ({"version": True}, "needs a version"),
        ({"version": -1}, "needs a version"),
        ({"random": 1}, "has random = 1; write True or False"),
        ({"input_kinds": "image"}, "has input_kinds = 'image'; write a tuple of image, video"),
        ({"input_kinds": ("picture",)}, "has input_kinds"),
        ({"input_kinds": ()}, "has no input_kinds"),
        ({"dtypes": ("float64",)}, "has dtypes"),
        ({"output_kind": "picture"}, "has output_kind = 'picture'"),
        ({"output_kind": "spectrogram"}, "then a step cannot take video"),
        (
            {"__annotations__": {"version": int}},
            "has a field 'version'; write version = ... without",
        ),
        ({"__annotations__": {"apply": int}}, "has a field 'apply'"),
        ({"__annotations__": {"x": list}}, "has the field 'x' of type"),
        ({"__annotations__": {"x": "dict[str, int]"}}, "has the field 'x' of type"),
        ({"__annotations__": {"x": tuple[tuple[int, ...], ...]}}, "has the field 'x' of type"),
        ({"__annotations__": {"x": "Missing"}}, "a type that cannot be resolved: name 'Missing'"),
        (
            {"__annotations__": {"x": int}, "x": "a"},
            "wrong default for 'x': expected a whole number",
        ),
        (
            {"__annotations__": {"x": int}, "x": field(default_factory=int)},
            "default_factory for 'x'",
        ),
        (
            {"__annotations__": {"x": int, "y": int}, "x": 1},
            "has 'y', without a default, after 'x'",
        ),
        ({"__init__": lambda self: None}, "defines `__init__`"),
        ({"infer": lambda self, spec: spec}, "defines `infer`"),
        ({"name": "Big"}, "has the name 'Big'"),
        ({"name": "a/b"}, "has the name 'a/b'"),
        ({"name": 1}, "has the name 1"),
        ({"name": "resize"}, "has the name of the library's step"),
        ({"name": "png"}, "has the name of the library's encoding"),
        ({"name": "exact"}, "has the name of a word of pipelines"),
        ({"name": "video"}, "has the name of a word of pipelines"),
    ],
)
def test_a_wrong_class_is_explained(members: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words) as refused:
        define(**members)
    assert f"{__name__}.Own" in str(refused.value)


def test_a_name_that_is_taken_names_both() -> None:
    with pytest.raises(
        SpecError, match=r"Own\) has the name of the step 'solarise2' \(.*Solarise2\)"
    ):
        type("Own", (preprocessing.Step,), {"version": 1, "apply": apply, "name": "solarise2"})
    assert Pipeline.parse("solarise2/npy").steps == (Solarise2(),)


def test_a_class_that_is_defined_again_replaces_the_first() -> None:
    """As a cell of a notebook that is run twice."""
    first, second = define(), define()
    assert first is not second
    assert type(Pipeline.parse("own/npy").steps[0]) is second


@pytest.mark.parametrize(
    ("cls", "name"),
    [("FilmGrain2", "film_grain2"), ("HSVShift", "hsv_shift"), ("Blur_It", "blur_it")],
)
def test_the_name_follows_from_the_class(cls: str, name: str) -> None:
    assert define(cls).name == name


def test_a_base_without_apply_is_not_a_step() -> None:
    base = define("Base", apply=..., version=..., __annotations__={"size": int})
    own = define("Derived", (base,), __annotations__={"depth": int}, depth=2)
    step = Pipeline.parse("derived:3/npy").steps[0]
    assert step == own(3, 2)
    with pytest.raises(SpecError, match="unknown step"):
        Pipeline.parse("base:3/npy")


def test_a_step_that_derives_from_another_has_a_name_of_its_own() -> None:
    class Solarise3(Solarise2):
        version = 2

    assert str(Pipeline([Solarise3(5)])) == "solarise3:threshold=5/npy"
    assert Solarise3(5) != Solarise2(5)


def test_its_fields_cannot_be_assigned() -> None:
    with pytest.raises(AttributeError, match="cannot assign to field 'threshold'"):
        Solarise2().threshold = 1
    with pytest.raises(TypeError, match="has no argument 'x'"):
        Solarise2(x=1)
    assert len({Solarise2(), Solarise2(128), Solarise2(1)}) == 2
