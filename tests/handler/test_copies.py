"""A copy is current exactly while neither original, pipeline nor seed has changed."""

from __future__ import annotations

import pytest

from handler.copies import is_current, told
from preprocessing import Pipeline

FIXED = Pipeline.parse("resize:8,8/npy")
RANDOM = Pipeline.parse("random_crop:8/npy")


def metadata(pipeline, etag, seed):
    return told(pipeline.metadata((3, 8, 8), "uint8", seed=seed), etag)


@pytest.mark.parametrize("pipeline", [FIXED, RANDOM])
def test_what_was_just_made_is_current(pipeline):
    assert is_current(metadata(pipeline, '"a"', 3), pipeline, '"a"', 3)


@pytest.mark.parametrize("pipeline", [FIXED, RANDOM])
def test_another_original_or_pipeline_or_nothing_told_is_not(pipeline):
    made = metadata(pipeline, '"a"', 3)
    assert not is_current(made, pipeline, '"b"', 3)
    assert not is_current(made, Pipeline.parse("resize:8,9/npy"), '"a"', 3)
    assert not is_current({}, pipeline, '"a"', 3)


def test_the_seed_counts_where_something_is_drawn_from_it():
    assert is_current(metadata(FIXED, '"a"', 3), FIXED, '"a"', 4)
    assert not is_current(metadata(RANDOM, '"a"', 3), RANDOM, '"a"', 4)
