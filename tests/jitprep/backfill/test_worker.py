"""Originals that cannot be copied, and targets that hold other objects."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile

import pytest

from jitprep.backfill.listing import ListedObject
from jitprep.backfill.outcome import Failure, TaskOutcome
from jitprep.backfill.planning.plan import plan_tasks
from jitprep.backfill.reading import Copy
from jitprep.backfill.webdataset import TarWriter
from jitprep.backfill.worker import TaskWorker
from preprocessing import Limits, Pipeline

from .stage import small_photos

PHOTO = next(small_photos(1))[1]
OTHER = list(small_photos(2))[1][1]


@pytest.fixture
def with_bad_ones(stage):
    """Store originals, only one of them valid; return why the others fail."""
    stage.put("train/good.jpg", PHOTO)
    stage.put("train/empty.jpg", b"")
    stage.put("train/notes.txt", b"words")
    stage.put("train/cut.jpg", PHOTO[:200])
    stage.put("train/large.jpg", PHOTO + bytes(5000))
    bomb = gzip.compress(bytes(10_000))
    stage.put("train/bomb", bomb, ContentEncoding="gzip")
    stage.put("train/unzipped", PHOTO, ContentEncoding="gzip")
    stage.put("train/folder/", b"")  # as S3's console creates folders
    return {
        "train/empty.jpg": "has 0 bytes",
        "train/notes.txt": "looks like text",
        "train/cut.jpg": "the JPEG is cut off",
        "train/large.jpg": "JITPREP_MAX_BYTES",
        "train/bomb": "bytes or more once its Content-Encoding is decoded, and the limit is 5000",
        "train/unzipped": "its bytes are not gzip",
    }


def reasons(outcome: TaskOutcome) -> dict[str, str]:
    return {failure.key: failure.reason for failure in outcome.failures}


def assert_told(outcome: TaskOutcome, expected: dict[str, str]) -> None:
    told = reasons(outcome)
    assert told.keys() == expected.keys()
    for key, words in expected.items():
        assert words in told[key]


def test_a_bad_original_does_not_stop_the_others(stage, with_bad_ones):
    job = stage.job(limits=Limits(source_bytes=5000))
    first = stage.run(job)
    assert first.done == 1
    assert_told(first, with_bad_ones)
    assert stage.versions() == {"small/train/good.jpg": 1}
    again = stage.run(job)
    assert (again.done, again.already) == (0, 1)
    assert_told(again, with_bad_ones)


@pytest.mark.parametrize("form", ["tar", "parquet"])
def test_a_shard_leaves_out_bad_originals_and_reports_them(stage, with_bad_ones, form):
    job = stage.job(limits=Limits(source_bytes=5000), format=form)
    first = stage.run(job)
    assert first.done == 1
    assert_told(first, with_bad_ones)
    again = stage.run(job)
    assert (again.done, again.already) == (0, 1)
    name = f"00000-of-00001.{form}"
    assert_told(again, dict.fromkeys(with_bad_ones, f"when {name} was written"))
    assert stage.versions() == {f"small/{name}": 1}


@pytest.mark.parametrize("change", ["replaced", "deleted"])
@pytest.mark.parametrize("form", ["objects", "tar", "parquet"])
def test_an_original_that_changes_after_it_was_listed_waits_for_the_next_run(stage, form, change):
    stage.put("train/a.jpg", PHOTO)
    stage.put("train/b.jpg", PHOTO)
    job = stage.job(format=form)
    (task,) = plan_tasks(stage.s3, job)
    if change == "replaced":
        stage.put("train/a.jpg", OTHER)
    else:
        stage.s3.delete_object(Bucket=stage.source, Key="train/a.jpg")
    outcome = TaskWorker(job).do(task)
    (failure,) = outcome.failures
    assert "after it was listed; run the command again" in failure.reason
    if form == "objects":
        assert (failure.key, outcome.done) == ("train/a.jpg", 1)
    else:
        assert (failure.key, failure.objects, outcome.done) == (f"00000-of-00001.{form}", 2, 0)
        assert "train/a.jpg" in failure.reason
        assert stage.versions() == {}
    assert stage.run(job).failures == ()


def test_an_object_that_is_not_a_copy_is_not_overwritten(stage):
    stage.put("train/a.jpg", PHOTO)
    stage.s3.put_object(Bucket=stage.target, Key="small/train/a.jpg", Body=b"precious")
    (failure,) = stage.run(stage.job()).failures
    assert failure == Failure("train/a.jpg", failure.reason)
    assert f"s3://{stage.target}/small/train/a.jpg exists, and is not a copy" in failure.reason
    assert stage.read("small/train/a.jpg")["Body"] == b"precious"


def test_a_copy_that_another_run_stores_is_not_stored_twice(stage):
    """For example, a killed run's last write ends after the next run has listed the target."""
    stage.put("train/a.jpg", PHOTO)
    job = stage.job()
    tasks = list(plan_tasks(stage.s3, job))
    assert stage.run(job).done == 1
    assert TaskOutcome.of_all(map(TaskWorker(job).do, tasks)) == TaskOutcome(already=1)
    assert stage.versions() == {"small/train/a.jpg": 1}


def test_another_copy_that_appears_during_the_run_is_not_overwritten(stage):
    stage.put("train/a.jpg", PHOTO)
    job = stage.job()
    tasks = list(plan_tasks(stage.s3, job))
    stage.run(stage.job("resize:9,9/npy"))
    (failure,) = TaskOutcome.of_all(map(TaskWorker(job).do, tasks)).failures
    assert "another process writes to the same key" in failure.reason
    assert stage.versions() == {"small/train/a.jpg": 1}


def test_originals_that_differ_only_in_their_suffix_are_two_samples(stage):
    stage.put("train/a.jpg", PHOTO)
    stage.put("train/a.jpeg", OTHER)
    assert stage.run(stage.job(format="tar"), shards=7).done == 2
    shards = [stage.read(key)["Body"] for key in stage.versions()]
    names = []
    for shard in shards:
        with tarfile.open(fileobj=io.BytesIO(shard)) as tar:
            names += tar.getnames()
            for name in tar.getnames():
                if name.endswith(".json"):
                    about = json.loads(tar.extractfile(name).read())
                    assert about["key"] in {"train/a.jpg", "train/a.jpeg"}
    assert sorted(names) == [
        "train/a%2Ejpg.json",
        "train/a%2Ejpg.npy",
        "train/a.json",
        "train/a.npy",
    ]


def test_no_two_samples_of_a_shard_have_one_name():
    """For any keys, in any order."""
    pieces = [
        "a",
        "a.jpg",
        "a.png",
        "a.jpg.png",
        "a.png.jpg",
        "a.png.jpg.gif",
        "a%2Ejpg",
        ".",
        "..",
        "b/",
    ]
    pieces += ["a.", "a..", "b/.jpg", "b/a.jpg", "/a", "a%_2", "a.jpg%_2", "a%2Ejpg%_2", "b//c"]
    copy = Copy(b"", "application/x-npy", (), "", {}, None)
    for seed in range(200):
        keys = random.Random(seed).sample(pieces, len(pieces))
        file = io.BytesIO()
        writer = TarWriter(file, Pipeline.parse("resize:8,8/npy"))
        for key in keys:
            writer.add(ListedObject(key, '"e"', 1), copy)
        writer.close()
        with tarfile.open(fileobj=io.BytesIO(file.getvalue())) as tar:
            names = tar.getnames()
        samples = [
            name.rpartition("/")[0] + "/" + name.rpartition("/")[2].partition(".")[0]
            for name in names
        ]
        assert len(set(names)) == 2 * len(keys)
        assert len(set(samples)) == len(keys)


def test_metadata_that_does_not_fit_is_named(stage):
    stage.put("train/a.jpg", PHOTO, Metadata={"labels": "x" * 1900})
    (failure,) = stage.run(stage.job()).failures
    assert "shorten the original's" in failure.reason
    assert stage.versions() == {}
    assert stage.run(stage.job(format="tar")).done == 1  # a tar has no such limit


def test_a_copy_whose_key_would_be_too_long_is_named(stage):
    stage.put(f"train/{'x' * 1018}", PHOTO)
    (failure,) = stage.run(stage.job()).failures
    assert failure.reason == (
        "the copy's key would have 1030 bytes, and S3 takes 1024; choose a shorter prefix"
    )


def test_an_original_is_not_taken_for_a_copy_by_its_own_metadata(stage):
    stage.put("train/a.jpg", PHOTO)
    about = {"fingerprint": "phash-0011", "source-etag": "x"}
    stage.s3.put_object(Bucket=stage.target, Key="small/train/a.jpg", Body=b"own", Metadata=about)
    (failure,) = stage.run(stage.job()).failures
    assert "not a copy that jitprep made for this location" in failure.reason
    assert stage.read("small/train/a.jpg")["Body"] == b"own"


def test_a_copy_that_an_owner_has_changed_is_the_owners(stage):
    stage.put("train/a.jpg", PHOTO)
    stage.run(stage.job())
    copy = stage.read("small/train/a.jpg")
    stage.s3.put_object(
        Bucket=stage.target, Key="small/train/a.jpg", Body=b"edited", Metadata=copy["Metadata"]
    )
    assert len(stage.run(stage.job("resize:9,9/npy")).failures) == 1
    assert stage.read("small/train/a.jpg")["Body"] == b"edited"


@pytest.mark.parametrize("form", ["objects", "parquet"])
def test_an_original_that_is_passed_through_is_copied(stage, form):
    stage.put("train/a.txt", b"words, not an image")
    job = stage.job("image:skip/resize:8,8/npy", format=form)
    assert stage.run(job).done == 1


@pytest.mark.parametrize(
    ("body", "coding", "words"),
    [
        (
            gzip.compress(PHOTO)[:300],
            "gzip",
            "the gzip stream of its Content-Encoding does not end",
        ),
        (PHOTO, "br", "the Content-Encoding 'br'"),
        (PHOTO, "utf-8", None),
        (gzip.compress(PHOTO[:200]) + gzip.compress(PHOTO[200:]), "gzip", None),
    ],
)
def test_content_codings_are_undone_as_a_read_undoes_them(stage, body, coding, words):
    stage.put("train/a.jpg", body, ContentEncoding=coding)
    outcome = stage.run(stage.job())
    if words is None:
        assert outcome.done == 1
        copy = stage.read("small/train/a.jpg")
        assert copy["Body"] == Pipeline.parse("resize:8,8/npy").encode(PHOTO).body
        assert "ContentEncoding" not in copy
    else:
        assert words in outcome.failures[0].reason


def test_equal_originals_give_equal_tar_files(stage):
    stage.fill(5)
    job = stage.job(format="tar")
    stage.run(job)
    first = stage.read("small/00000-of-00001.tar")["Body"]
    stage.s3.delete_object(Bucket=stage.target, Key="small/00000-of-00001.tar")
    stage.run(job)
    assert stage.read("small/00000-of-00001.tar")["Body"] == first


def test_remaining_originals_are_listed_without_copying(stage):
    stage.put("train/a.jpg", PHOTO)
    stage.put("train/b.jpg", PHOTO)
    stage.run(stage.job())
    stage.put("train/b.jpg", OTHER)
    stage.put("train/c.jpg", PHOTO)
    stage.put("train/d.jpg", PHOTO)
    stage.s3.put_object(Bucket=stage.target, Key="small/train/d.jpg", Body=b"precious")
    before = stage.versions()
    (task,) = plan_tasks(stage.s3, stage.job())
    left = TaskWorker(stage.job()).left(task)
    assert [original.key for original in left] == ["train/b.jpg", "train/c.jpg", "train/d.jpg"]
    assert stage.versions() == before
