"""The catalogue says of each step what its class and its docstring say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from jitprep.playground.answers.steps import answer
from preprocessing import ENCODINGS, TRANSFORMS, Pipeline, Step
from preprocessing.own_steps.definition import REGISTERED
from preprocessing.spec.kinds import SOURCES

from ..material import playground

FOUND: Any = json.loads(json.dumps(answer(playground(), {})))
STEPS: Any = {step["name"]: step for step in FOUND["steps"]}


def test_every_step_is_there_in_order() -> None:
    assert [*STEPS][: len(TRANSFORMS.catalogue)] == [*TRANSFORMS]
    assert [*STEPS][-len(ENCODINGS.catalogue) :] == [*ENCODINGS]
    assert {name for name, step in STEPS.items() if step["role"] == "encoding"} == {*ENCODINGS}


@pytest.mark.parametrize("name", STEPS)
def test_everything_is_said_in_words(name: str) -> None:
    step = STEPS[name]
    assert step["summary"].endswith(".")
    assert step["kinds"]
    assert "``" not in step["summary"] + step["about"]
    for argument in step["arguments"]:
        assert argument["expects"]
        assert argument["about"] or argument["name"] == "interpolation"
        assert argument["form"] in {"int", "float", "bool", "choice", "text", "list"}
        assert (argument["form"] == "choice") <= bool(argument["choices"])


def test_forms() -> None:
    forms = {
        (name, argument["name"]): argument["form"]
        for name, step in STEPS.items()
        for argument in step["arguments"]
    }
    assert forms["resize", "size"] == "list"
    assert forms["resize", "antialias"] == "bool"
    assert forms["resize", "interpolation"] == "choice"
    assert forms["resize", "max_size"] == "int"
    assert forms["rotate", "angle"] == "float"
    assert forms["csv", "column"] == "text"
    assert forms["mel_spectrogram", "norm"] == "choice"


def test_a_preset_says_what_is_usual() -> None:
    (rate, _) = STEPS["resample"]["arguments"]
    assert (rate["least"], rate["most"]) == (1, 4 * 16_000)


def test_words_are_those_that_a_line_may_begin_with() -> None:
    names = {word["name"]: word["summary"] for word in FOUND["words"]}
    assert {"tar", "exact", *SOURCES} <= set(names)
    assert all(names.values())
    for name in names:
        steps = (
            "mono"
            if name.startswith("audio")
            else "lower"
            if name.startswith("text")
            else "resize:8"
        )
        if name != "tar":
            assert Pipeline.parse(f"{name}/{steps}")


@pytest.fixture
def own_step() -> Iterator[None]:
    """Define a step of one's own, and forget it."""

    class HalfBright(Step):
        """Darken the image.

        Parameters
        ----------
        amount : float
            How much, up to 0.75.
        """

        version = 1
        random = False
        amount: float = 0.5

        def check(self) -> None:
            if not 0 <= self.amount <= 0.75:
                raise ValueError("amount: must be from 0 to 0.75")

        def apply(self, array: Any, rng: Any) -> Any:
            return array

    yield
    REGISTERED.clear()


@pytest.mark.usefixtures("own_step")
def test_a_step_of_ones_own_is_listed_like_the_others() -> None:
    steps = {step["name"]: step for step in answer(playground(), {})["steps"]}
    (amount,) = steps["half_bright"]["arguments"]
    assert steps["half_bright"]["summary"] == "Darken the image."
    assert (amount["least"], amount["most"], amount["about"]) == (0.0, 0.5, "How much, up to 0.75.")
