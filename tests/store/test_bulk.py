"""The reader and the backfill against a real store."""

from __future__ import annotations

import os
import subprocess

import numpy as np
import pytest

from jitprep.reader import open_reader
from preprocessing import Pipeline, Seed
from preprocessing.names import is_hidden
from tests.jitprep.backfill.stage import small_photos
from tests.photos import photo

from .conftest import JITPREP, KEYS, SPEC

SMALL = "resize:8,8/npy"


@pytest.fixture
def as_user(up, monkeypatch):
    for name, value in up.environment.items():
        monkeypatch.setenv(name, value)
    return up


def test_every_address_gives_the_same_arrays(as_user, alias, bucket, s3, originals):
    pipeline = Pipeline.parse(SPEC)
    readers = [
        open_reader(f"s3://{alias}", seed=5),
        open_reader("lambda:preprocess/album", pipeline=SPEC, seed=5),
    ]
    for key in KEYS:
        etag = s3.head_object(Bucket=bucket, Key=key)["ETag"]
        right = pipeline(originals[key], seed=Seed(5, key, etag))
        for reader in readers:
            np.testing.assert_array_equal(reader.get(key), right)
    assert sorted(readers[0].keys("")) == sorted(key for key in KEYS if not is_hidden(key))


@pytest.fixture
def backfill(store, make_bucket, s3):
    """A bucket of 30 small photographs, an empty one, and the command that fills it."""
    source, target = make_bucket("source"), make_bucket("target")
    for key, body in list(small_photos(30)):
        s3.put_object(Bucket=source, Key=key, Body=body)

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        places = [f"s3://{source}/train/", "--to", f"s3://{target}/small"]
        return subprocess.run(
            [JITPREP, "backfill", *places, "--pipeline", SMALL, *options],
            env={**os.environ, **store.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return source, target, run


def counts(done: subprocess.CompletedProcess[str]) -> list[int]:
    words = done.stdout.strip().splitlines()[-1].split(", ")
    return [int(word.split()[0].replace(",", "")) for word in words]


def test_copies_are_made_once_and_again_where_the_original_changed(backfill, s3):
    source, target, run = backfill
    first = run()
    assert (first.returncode, counts(first)) == (0, [30, 0, 0]), first.stderr
    again = run()
    assert (again.returncode, counts(again)) == (0, [0, 30, 0]), again.stderr
    key = "train/3/0003.jpg"
    s3.put_object(Bucket=source, Key=key, Body=photo("coffee"))
    changed = run()
    assert (changed.returncode, counts(changed)) == (0, [1, 29, 0]), changed.stderr
    copy = s3.get_object(Bucket=target, Key=f"small/{key}")["Body"].read()
    assert copy == Pipeline.parse(SMALL).encode(photo("coffee")).body


def test_what_is_not_ours_is_never_overwritten(backfill, s3):
    _, target, run = backfill
    key = "small/train/3/0003.jpg"
    theirs = {"fingerprint": "1", "pipeline": SMALL, "source-etag": '"0"', "seed": "9"}
    s3.put_object(Bucket=target, Key=key, Body=b"an original", Metadata=theirs)
    done = run()
    assert (done.returncode, counts(done)) == (1, [29, 0, 1]), done.stderr
    assert "train/3/0003.jpg" in done.stdout + done.stderr
    stored = s3.get_object(Bucket=target, Key=key)
    assert (stored["Body"].read(), stored["Metadata"]) == (b"an original", theirs)


@pytest.mark.parametrize("format_", ["tar", "parquet"])
def test_shards(backfill, s3, format_):
    _, target, run = backfill
    first, again = run("--format", format_), run("--format", format_)
    assert (first.returncode, counts(first)) == (0, [30, 0, 0]), first.stderr
    assert (again.returncode, counts(again)) == (0, [0, 30, 0]), again.stderr
    assert s3.list_objects_v2(Bucket=target)["KeyCount"] >= 1
