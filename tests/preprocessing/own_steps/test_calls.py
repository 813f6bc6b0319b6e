"""What a step raises, or returns against its word, is an error that names the step and its module."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import preprocessing
from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    LimitExceeded,
    Media,
    Pipeline,
    PreprocessingError,
    StepFailed,
    UnknownFormat,
)
from preprocessing.cancellation import Cancelled

IMAGE = np.arange(240, dtype=np.uint8).reshape(8, 10, 3)
WHO = rf"the step 'own' \({re.escape(__name__)}\.Own\)"


def run(apply: Any, source: Any = IMAGE, **attributes: Any) -> Any:
    """Define a step with this `apply`, and run it."""
    members = {"version": 1, "random": False, "__module__": __name__, **attributes, "apply": apply}
    return Pipeline([type("Own", (preprocessing.Step,), members)()])(source)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ZeroDivisionError("division by zero"),
            "raised ZeroDivisionError: division by zero at line",
        ),
        (KeyError("x"), "raised KeyError: 'x' at line"),
        (StopIteration(), "raised StopIteration at line"),
        (RuntimeError("two\nlines \ud800"), r"raised RuntimeError: two lines \\ud800"),
        (RuntimeError("x" * 5000), r"raised RuntimeError: x{300}\.\.\. at line"),
        (PreprocessingError("odd"), "raised PreprocessingError: odd"),
    ],
)
def test_an_exception_names_the_step_its_module_and_the_line(error: Exception, words: str) -> None:
    def apply(self, image, rng):
        raise error

    with pytest.raises(StepFailed, match=f"^{WHO} {words}") as raised:
        run(apply)
    str(raised.value).encode()
    assert raised.value.__cause__ is error
    assert "\n" not in str(raised.value)


def test_an_exception_without_a_message_that_can_be_had() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    def apply(self, image, rng):
        raise Odd

    with pytest.raises(StepFailed, match="raised Odd at line"):
        run(apply)


@pytest.mark.parametrize("kind", [IncompatibleSource, CorruptSource, UnknownFormat, LimitExceeded])
def test_a_refusal_keeps_its_type(kind: type[Exception]) -> None:
    def apply(self, image, rng):
        raise kind("not this one")

    with pytest.raises(kind, match=f"^{WHO}: not this one$"):
        run(apply)


@pytest.mark.parametrize("kind", [Cancelled, KeyboardInterrupt, SystemExit, MemoryError])
def test_what_is_not_the_steps_passes(kind: type[BaseException]) -> None:
    def apply(self, image, rng):
        raise kind

    with pytest.raises(kind):
        run(apply)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "returned a NoneType; it must return a NumPy array"),
        ([[1]], "returned a list; it must return a NumPy array"),
        (IMAGE.astype(float), "returned 8×10×3 float64, but promised 8×10×3 uint8"),
        (IMAGE[:4], "returned 4×10×3 uint8, but promised 8×10×3 uint8"),
        (IMAGE[..., 0], "returned 8×10 uint8, but promised 8×10×3 uint8"),
    ],
)
def test_a_broken_promise_says_what_was_promised(result: object, words: str) -> None:
    with pytest.raises(StepFailed, match=f"^{WHO} {words}"):
        run(lambda self, image, rng: result)


def test_the_bytes_of_another_processor_are_another_type() -> None:
    with pytest.raises(StepFailed, match="returned 8×10×3 >f4, but promised 8×10×3 float32"):
        run(lambda self, image, rng: image.astype(">f4"), result=_as_float)


def _as_float(self: Any, spec: Any) -> Any:
    return replace(spec, dtype="float32")


def test_the_result_for_sound_and_text_is_checked_too() -> None:
    sound = Media(np.zeros((1, 10), np.float32), "audio", 100)
    with pytest.raises(StepFailed, match="returned 1×5 float32, but promised 1×10 float32"):
        run(lambda self, sound, rng: sound[:, :5], sound, input_kinds=("audio",))
    members = {
        "version": 1,
        "input_kinds": ("text",),
        "apply": lambda self, texts, rng: texts == "",
    }
    own = type("Texts", (preprocessing.Step,), members)
    with pytest.raises(StepFailed, match="returned 1 bool, but promised 1 object"):
        Pipeline([own()]).encode(b"text")
    members["apply"] = lambda self, texts, rng: np.array([b""], object)
    own = type("Texts", (preprocessing.Step,), members)
    with pytest.raises(StepFailed, match="returned items that are not `str`"):
        Pipeline([own()]).encode(b"text")


def test_writing_to_the_input_is_an_error() -> None:
    def apply(self, image, rng):
        image[0] = 0
        return image

    before = IMAGE.copy()
    with pytest.raises(StepFailed, match="raised ValueError: assignment destination is read-only"):
        run(apply)
    np.testing.assert_array_equal(IMAGE, before)


@pytest.mark.parametrize(
    "result",
    [
        lambda self, spec: None,
        lambda self, spec: (8, 10, 3),
        lambda self, spec: preprocessing.ImageSpec(-1, 1, 3, "uint8"),
        lambda self, spec: preprocessing.ImageSpec(1.5, 1, 3, "uint8"),
        lambda self, spec: preprocessing.ImageSpec(1, 1, 3, "float64"),
        lambda self, spec: preprocessing.AudioSpec(1, 1, 1),
    ],
)
def test_a_result_that_is_not_a_spec_is_refused(result: Any) -> None:
    with pytest.raises(
        StepFailed, match=f"^{WHO}: its `result` must return a valid ImageSpec, got"
    ):
        run(lambda self, image, rng: image, result=result)


def test_a_size_that_stays_unknown_is_refused_when_it_is_planned() -> None:
    def result(self, spec):
        return preprocessing.ImageSpec(None, None, 3, "uint8")

    with pytest.raises(StepFailed, match="its `result` must know the size"):
        run(lambda self, image, rng: image, result=result)


def test_what_the_other_methods_raise_names_the_step_too() -> None:
    def fail(self, *_):
        raise TypeError("no")

    for method in ("result", "temporaries", "check"):
        with pytest.raises(StepFailed, match=f"^{WHO} raised TypeError: no at line"):
            run(lambda self, image, rng: image, **{method: fail})


def test_the_message_has_the_line_of_its_module() -> None:
    def apply(self, image, rng):
        return np.reshape(image, (7, 7))  # this line

    line = apply.__code__.co_firstlineno + 1
    with pytest.raises(StepFailed, match=f"at line {line} of its module"):
        run(apply)
