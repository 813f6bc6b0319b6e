"""The assignment of originals to shards, and the names of their samples."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jitprep.backfill import shards
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.webdataset import sample_name
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline

KEYS = st.text(
    st.sampled_from("ab./%é \n\0") | st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
)
# Equivalent to webdataset.tariterators.base_plus_ext: the sample's name, and the field.
SAMPLE = re.compile(r"((?:.*/|)[^./]+)\.([^/]*)")
JOB = BackfillJob(
    S3Prefix("photos"), S3Prefix("copies", "x/"), Pipeline.parse("resize:8,8/npy"), format="tar"
)


def original(key: str) -> ListedObject:
    return ListedObject(key, f'"{len(key)}"', 1)


@given(st.sets(KEYS, max_size=40), st.integers(1, 9))
def test_each_original_is_in_one_shard_with_all_of_its_name(keys, number):
    dealt = shards.deal(map(original, keys), number, "tar")
    assert list(dealt) == [f"{n:05d}-of-{number:05d}.tar" for n in range(number)]
    found = [o.key for hand in dealt.values() for o in hand]
    assert sorted(found) == sorted(keys)


@given(st.sets(KEYS, max_size=40), KEYS, st.integers(1, 9))
def test_another_original_changes_one_shard(keys, key, number):
    before = shards.deal(map(original, keys - {key}), number, "tar")
    after = shards.deal(map(original, sorted(keys | {key}, reverse=True)), number, "tar")
    changed = [name for name in before if shards.etag(before[name]) != shards.etag(after[name])]
    assert len(changed) == 1


@given(st.text("ab", min_size=1), st.sampled_from(["jpg", "png", "JPEG"]), st.integers(1, 9))
def test_keys_that_differ_only_in_their_suffix_share_a_shard(stem, ending, number):
    dealt = shards.deal([original(f"{stem}.{ending}"), original(stem)], number, "tar")
    assert sorted(map(len, dealt.values())) == [0] * (number - 1) + [2]


@example({"a./", "a.b/", "a/b.c/"})
@given(st.sets(KEYS, max_size=40))
def test_sample_names_are_distinct_and_have_no_suffix(keys):
    names = [sample_name(key) for key in keys]
    assert len(set(names)) == len(keys)
    for name in names:
        found = SAMPLE.fullmatch(f"{name}.npy")
        assert found is not None and found.groups() == (name, "npy")
        assert not name.startswith("/") and not {"..", "."} & set(name.split("/"))


@pytest.mark.parametrize("key", ["train/n01440764/1", "a b/é", "v1.2/x"])
def test_ordinary_names_are_unchanged(key):
    assert sample_name(key) == key


@given(st.sets(st.integers(0, 50)))
def test_left_out_originals_are_in_the_metadata(positions):
    originals = [original(str(n)) for n in range(51)]
    told = shards.left_out_metadata(positions)
    assert [int(o.key) for o in shards.left_out(told, originals)] == sorted(positions)
    assert bool(told) == bool(positions)


def test_a_target_keeps_its_number_of_shards():
    there = {"00000-of-00004.tar", "00003-of-00004.tar", "00000-of-00009.parquet", "train/a.jpg"}
    assert shards.count(there, JOB, 10_000, None) == 4
    assert shards.count(there, JOB, 10_000, 4) == 4
    assert shards.count(set(), JOB, 10_001, None) == 11
    assert shards.count(set(), JOB, 0, None) == 1
    with pytest.raises(CannotBackfill, match="sets of 4 shards, not of 5"):
        shards.count(there, JOB, 10_000, 5)
    with pytest.raises(
        CannotBackfill, match="sets of 2 and of 4 shards, so that it would hold originals twice"
    ):
        shards.count(there | {"00001-of-00002.tar"}, JOB, 10, None)


def test_a_shard_has_a_limit_of_originals():
    with pytest.raises(
        CannotBackfill, match="one of 1 shards has 4097 originals, and the limit is 4096"
    ):
        shards.deal((original(str(n)) for n in range(4097)), 1, "tar")


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("s3://photos/train", "s3://photos/train/small", "would take them for originals"),
        ("s3://photos", "s3://photos/small", "would take them for originals"),
        ("s3://photos/a/a/", "s3://photos/a", "would take them for originals"),
        (
            "s3://photos/a/",
            "s3://photos",
            "would be written to s3://photos/a/, within s3://photos/a/",
        ),
        ("s3://gray-x--ol-s3/", "s3://copies", "use the bucket behind it"),
    ],
)
def test_wrong_jobs_are_refused(source, target, words):
    with pytest.raises(CannotBackfill, match=words):
        BackfillJob(S3Prefix.from_url(source), S3Prefix.from_url(target).folder, JOB.pipeline)


@pytest.mark.parametrize("url", ["photos/train", "s3://No_Bucket/x", "s3:photos", ""])
def test_wrong_urls_are_refused(url):
    with pytest.raises(ValueError, match="write the location as s3://bucket/prefix"):
        S3Prefix.from_url(url)


def test_urls():
    assert (
        S3Prefix.from_url("s3://photos") == S3Prefix.from_url("s3://photos/") == S3Prefix("photos")
    )
    assert S3Prefix.from_url("s3://photos/a b/é?x=1#y\n").prefix == "a b/é?x=1#y\n"
    assert S3Prefix.from_url("s3://copies/x").folder == S3Prefix.from_url("s3://copies/x/").folder
    assert str(S3Prefix("copies", "x/")) == "s3://copies/x/"
