"""The assignment of originals to shards, and the names of their samples."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jitprep.backfill import shards
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.planning.spool import OriginalsSpool
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


def dealt(keys, number):
    with closing(OriginalsSpool(map(original, keys))) as spool:
        assert len(spool) == len(keys)
        return list(spool.deal(number))


@given(st.sets(KEYS, max_size=40), st.integers(1, 9))
def test_each_original_is_in_one_shard_with_all_of_its_name(keys, number):
    hands = dealt(keys, number)
    assert len(hands) == number
    assert sorted(o.key for hand in hands for o in hand) == sorted(keys)
    for position, hand in enumerate(hands):
        assert {shards.place(o.key) % number for o in hand} <= {position}
        assert shards.order(hand) == hand


@given(st.sets(KEYS, max_size=40), KEYS, st.integers(1, 9))
def test_another_original_changes_one_shard(keys, key, number):
    before = dealt(keys - {key}, number)
    after = dealt(sorted(keys | {key}, reverse=True), number)
    changed = [shards.etag(old) != shards.etag(new) for old, new in zip(before, after, strict=True)]
    assert sum(changed) == 1


@given(st.text("ab", min_size=1), st.sampled_from(["jpg", "png", "JPEG"]), st.integers(1, 9))
def test_keys_that_differ_only_in_their_suffix_share_a_shard(stem, ending, number):
    hands = dealt([f"{stem}.{ending}", stem], number)
    assert sorted(map(len, hands)) == [0] * (number - 1) + [2]


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
    assert shards.chosen_number(there, JOB, None) == 4
    assert shards.chosen_number(there, JOB, 4) == 4
    assert shards.chosen_number(set(), JOB, None) is None
    assert [shards.usual_number(n) for n in (0, 10_001, 10**9)] == [1, 11, 99_999]
    with pytest.raises(CannotBackfill, match="sets of 4 shards, not of 5"):
        shards.chosen_number(there, JOB, 5)
    with pytest.raises(
        CannotBackfill, match="sets of 2 and of 4 shards, so that it would hold originals twice"
    ):
        shards.chosen_number(there | {"00001-of-00002.tar"}, JOB, None)


def test_a_shard_has_a_limit_of_originals():
    with pytest.raises(
        CannotBackfill, match="one of 1 shards has 4097 originals, and the limit is 4096"
    ):
        dealt([str(n) for n in range(4097)], 1)


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
