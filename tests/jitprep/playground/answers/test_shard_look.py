"""A look at a shard lists what a read of it returns, and each of its files can be looked at."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from jitprep.playground.answers import POSTS
from jitprep.playground.playground import Playground
from preprocessing import Pipeline, Seed, ShardPipeline, UnknownFormat
from tests.photos import photo
from tests.preprocessing.shards.archives import shard, unpacked

from ..material import playground

CONTENT = shard(
    {
        "a/1.jpg": photo("coffee"),
        "a/1.cls": b"3",
        "a/2.jpg": b"no image",
        "a/3.jpg": photo("rocket"),
    }
)
LINE = "random_resized_crop:24/png"
SOURCE = {"place": "photos", "key": "shards/s.tar"}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Playground:
    folder: Path = tmp_path_factory.mktemp("place")
    (folder / "shards").mkdir()
    (folder / "shards/s.tar").write_bytes(CONTENT)
    return playground(folder)


def look(played: Playground, pipeline: str, seed: int = 0, **source: str) -> dict[str, Any]:
    asked = {"source": {**SOURCE, **source}, "pipeline": pipeline, "seed": seed}
    found: dict[str, Any] = json.loads(json.dumps(POSTS["look"](played, asked), default=asdict))
    return found


@pytest.mark.parametrize("seed", [0, 7])
def test_the_lists_are_those_of_both_archives(played: Playground, seed: int) -> None:
    line = f"tar:on_bad=skip/{LINE}"
    looked = look(played, line, seed)
    key, etag = looked["item"]["key"], looked["item"]["etag"]
    assert looked["item"]["nbytes"] == len(CONTENT)
    seeded = Seed(seed, key) if etag is None else Seed(seed, key, etag)
    derived = b"".join(ShardPipeline.parse(line).encode(CONTENT, seed=seeded))
    for side, archive in (("before", CONTENT), ("after", derived)):
        members = [(one["name"], one["nbytes"]) for one in looked[side]["members"]]
        assert members == [(name, len(body)) for name, body in unpacked(archive)]
    assert looked["wire"]["nbytes"] == len(derived)
    assert looked["wire"]["content_type"] == "application/x-tar"
    assert looked["wire"]["metadata"]["seed"] == str(seed)
    assert looked["random"]
    assert looked["line"] == line


def test_bad_samples_are_counted_and_named(played: Playground) -> None:
    more = look(played, f"tar:on_bad=skip/{LINE}")["after"]["more"]
    assert (more["samples"], more["skipped"], more["pipeline"]) == (2, 1, LINE)
    assert [one["sample"] for one in more["bad"]] == ["a/2"]


def test_a_bad_sample_that_is_not_skipped_is_an_error(played: Playground) -> None:
    with pytest.raises(UnknownFormat, match=r"member 'a/2\.jpg' of the shard"):
        look(played, f"tar/{LINE}")


def test_a_member_looks_as_in_the_derived_shard(played: Playground) -> None:
    whole = look(played, f"tar:on_bad=skip/{LINE}", 5)
    alone = look(played, whole["after"]["more"]["pipeline"], 5, member="a/3.jpg")
    (wanted,) = (one for one in whole["after"]["members"] if one["name"] == "a/3.png")
    assert alone["wire"]["nbytes"] == wanted["nbytes"]
    asset = played.desk.get(alone["after"]["frames"][0]["asset"])
    assert asset is not None
    assert asset.array is not None
    etag = alone["item"]["etag"]
    png = Pipeline.parse(LINE).encode(photo("rocket"), seed=Seed(5, "a/3", etag)).body
    assert (Pipeline.parse("npy:hwc")(bytes(png)) == asset.array).all()
