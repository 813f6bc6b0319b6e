"""What runs is the pipeline without the steps that are switched off."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.playground.pipelines import WholePipeline, effective
from preprocessing import Pipeline, SpecError, parse_pipeline

from ...preprocessing.strategies import pipelines
from .material import playground

LINE = "grayscale/resize:224,224/horizontal_flip/png"


@given(pipelines(several=True))
def test_with_nothing_off_every_spelling_is_what_it_was(pipeline: Pipeline) -> None:
    for spec in (str(pipeline), json.dumps(pipeline.document)):
        whole = WholePipeline.parse(spec)
        assert whole.effective() == pipeline
        assert whole.line == str(pipeline)
        assert parse_pipeline(whole.document) == pipeline


@given(pipelines(), st.sets(st.integers(-2, 9)))
def test_the_steps_that_stay_are_those_that_are_not_off(pipeline: Pipeline, off: set[int]) -> None:
    if any(step.name == "views" for step in pipeline.steps):
        return
    whole = WholePipeline.parse(str(pipeline), off)
    try:
        left = whole.effective()
    except SpecError:  # what is left does not fit to each other
        return
    assert isinstance(left, Pipeline)
    expected = [step for place, step in enumerate(pipeline.steps) if place not in off]
    assert list(left.steps) == expected
    if len(pipeline.steps) not in off:
        assert left.encoding == pipeline.encoding
    assert (left.exact, left.kind) == (pipeline.exact, pipeline.kind)
    assert whole.line == str(pipeline)


@pytest.mark.parametrize(
    ("line", "off", "left"),
    [
        (LINE, {0}, "resize:224,224/horizontal_flip/png"),
        (LINE, {0, 1, 2}, "png"),
        (LINE, {3}, "grayscale/resize:224,224/horizontal_flip/npy"),
        ("resize:8/npy", {7, -1}, "resize:8/npy"),
        ("resize:8/normalize:imagenet/png", {0}, None),
        ("sample_frames:8/resize:224/npy", {0}, "video/resize:224/npy"),
        ("resize:8/normalize:imagenet/png", {1}, "resize:8/png"),
        ("mono/log_mel:whisper/npy", {0}, "log_mel:whisper/npy"),
        (
            "grayscale/normalize:1,1,1,std=1,1,1/npy",
            {0},
            "normalize:1.0,1.0,1.0,std=1.0,1.0,1.0/npy",
        ),
        ("views:4/random_resized_crop:96/npy", {0}, "random_resized_crop:96/npy"),
        (
            "resize:256/views:2,key=a/random_crop:224/views:6,key=b/random_crop:96/safetensors",
            {3},
            "resize:256/views:2/random_crop:224/safetensors",
        ),
        (
            "resize:256/views:2,key=a/random_crop:224/views:6,key=b/random_crop:96/safetensors",
            {1, 3},
            "resize:256/safetensors",
        ),
        ("tar:on_bad=skip/resize:8/invert/npy", {1}, "tar:on_bad=skip/resize:8/npy"),
        ("exact/image:skip/resize:8/invert/npy", {1}, "exact/image:skip/resize:8/npy"),
    ],
)
def test_what_is_left(line: str, off: set[int], left: str | None) -> None:
    if left is None:
        with pytest.raises(SpecError):
            effective(playground(), line, off)
    else:
        assert str(effective(playground(), line, off)) == left


def test_an_own_encoding_stays_where_another_would_be_the_default() -> None:
    assert str(effective(playground(), "views:2/resize:8,8/safetensors", {0})).endswith(
        "safetensors"
    )


def test_a_preset_is_a_name_for_its_pipeline() -> None:
    found = effective(playground(), " imagenet ", {2})
    assert str(found) == "resize:256/center_crop:224/npy"
