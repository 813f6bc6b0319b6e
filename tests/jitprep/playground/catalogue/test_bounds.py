"""Examples and the ends of sliders are values that the step takes."""

from __future__ import annotations

from typing import Any

import pytest

from jitprep.playground.catalogue.bounds import Ends, StepProbe
from preprocessing import ENCODINGS, TRANSFORMS
from preprocessing.spec.coerce import takes_sequence
from preprocessing.spec.step import hints, required

# Of these no example is found: a tokenizer is a file, and corners must not be on one line.
WITHOUT = {"tokenize", "perspective"}


def step_of(name: str) -> Any:
    return ENCODINGS[name] if name in ENCODINGS else TRANSFORMS[name]


@pytest.mark.parametrize("name", sorted({*TRANSFORMS, *ENCODINGS} - WITHOUT))
def test_the_examples_and_the_ends_make_the_step(name: str) -> None:
    step = step_of(name)
    probe = StepProbe(step, {}, {"mean": "`imagenet`"})
    base = {key: probe.example(key) for key in required(step)}
    step(**base)
    for key, hint in hints(step).items():
        ends = probe.ends(key)
        for end in (ends.least, ends.most):
            if end is not None:
                only_many = (
                    takes_sequence(hint) and "float |" not in str(hint) and "int |" not in str(hint)
                )
                step(**{**base, key: (end, end) if only_many else end})


@pytest.mark.parametrize(
    ("name", "key", "ends"),
    [
        ("jpeg", "quality", Ends(1, 100)),
        ("webp", "quality", Ends(0, 100)),
        ("mp4", "crf", Ends(0, 51)),
        ("posterize", "bits", Ends(0, 8)),
        ("random_horizontal_flip", "p", Ends(0.0, 1.0)),
        ("adjust_hue", "hue_factor", Ends(-0.5, 0.5)),
        ("loudness_normalize", "lufs", Ends(-70.0, 0.0)),
        ("denoise_bilateral", "win_size", Ends(1, 99)),
        ("rotate", "angle", Ends(-180.0, 180.0)),
        ("adjust_brightness", "brightness_factor", Ends(0.0, 3.0)),
        ("resize", "size", Ends(1, 1024)),
        ("png", "compression", Ends()),
        ("normalize", "mean", Ends()),
    ],
)
def test_ends_are_those_of_the_checks_where_these_are_near(name: str, key: str, ends: Ends) -> None:
    assert StepProbe(step_of(name), {}, {"mean": "`imagenet`"}).ends(key) == ends


def test_what_is_known_is_the_example() -> None:
    assert StepProbe(step_of("resample"), {"rate": 16_000}, {}).example("rate") == 16_000


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_where_no_example_is_found_nothing_is_said(name: str) -> None:
    probe = StepProbe(step_of(name), {}, {})
    assert all(probe.ends(key) == Ends() for key in hints(step_of(name)))
    assert probe.example(required(step_of(name))[0]) is None
