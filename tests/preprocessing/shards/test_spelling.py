"""Spellings of pipelines for shards are lossless, and wrong ones are refused with a remedy."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preprocessing
from preprocessing import Pipeline, ShardPipeline, SpecError, Tar

from ..strategies import pipelines

NAMES = {name: getattr(preprocessing, name) for name in preprocessing.__all__}


@given(
    pipelines(),
    st.sampled_from([Tar(), Tar(on_bad="skip"), Tar(members=("jpg", "left.png"), mask="png")]),
)
def test_spellings_are_lossless(pipeline: Pipeline, tar: Tar) -> None:
    p = ShardPipeline(pipeline, tar)
    for same in (
        ShardPipeline.parse(str(p)),
        ShardPipeline.parse(p.document),
        ShardPipeline.parse(json.dumps(p.document)),
        pickle.loads(pickle.dumps(p)),
        eval(repr(p), NAMES),
    ):
        assert (same, hash(same), same.fingerprint) == (p, hash(p), p.fingerprint)
        assert (same.pipeline, same.tar) == (pipeline, tar)


def test_every_argument_changes_the_fingerprint() -> None:
    specs = (
        "tar/npy",
        "tar:on_bad=skip/npy",
        "tar:members=jpg/npy",
        "tar/exact/npy",
        "tar/video/npy",
    )
    assert len({ShardPipeline.parse(spec).fingerprint for spec in specs}) == len(specs)
    assert ShardPipeline.parse("tar/image/resize:8/npy") == ShardPipeline.parse("tar/resize:8/npy")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tar", "begins with tar/"),
        ("tar:on_bad=drop/npy", "tar: on_bad: "),
        ("tar:onbad=skip/npy", "did you mean"),
        ("tar/image:skip/npy", "no meaning in a shard"),
        ("tar/lower/text", "tar:members=txt/"),
        ("tar/", "empty"),
        ("tar/tar/npy", "for shards"),
        ("resize:8/npy", "begins with tar/"),
        ({"version": 1, "tar": 3, "steps": []}, "mapping"),
        ("tar:members=.jpg/npy", "without its first dot"),
    ],
)
def test_wrong_spellings(spec: str | dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        ShardPipeline.parse(spec)


@pytest.mark.parametrize("spec", ["tar/npy", {"version": 1, "tar": {}, "steps": []}])
def test_a_pipeline_of_single_objects_refuses_them(spec: str | dict[str, object]) -> None:
    with pytest.raises(SpecError, match="ShardPipeline"):
        Pipeline.parse(spec)
