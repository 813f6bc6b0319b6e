"""`jitprep backfill --engine ray` with Ray on this machine, and shards read by webdataset."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from jitprep import open_reader
from preprocessing import Pipeline
from tests.jitprep.backfill.stage import ROOT, SPEC, assert_survives_kill, finish

BIN = ROOT / ".venv-ray/bin"
DRIVER = Path(__file__).parent / "with_webdataset.py"


@pytest.fixture
def on_ray(stage, monkeypatch):
    """Return a function that returns the command of the environment with Ray."""
    if not (BIN / "jitprep").exists():
        pytest.fail(f"{BIN} is missing: `make test-ray` makes it", pytrace=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    # webdataset calls `aws`, which is installed in this environment.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")

    def command(*arguments: str) -> list[str]:
        engine = ("--engine", "ray", "--processes", "2")
        return [*stage.command(*engine, *arguments, jitprep=str(BIN / "jitprep"))]

    return command


def test_killed_half_way_and_run_again_it_does_no_object_twice(stage, on_ray):
    assert_survives_kill(stage, on_ray())


def test_shards_are_what_webdataset_reads(stage, on_ray):
    photos = stage.fill(50)
    stage.put("train/notes.txt", b"words")
    done = finish(on_ray("--format", "tar", "--shards", "3"))
    assert done.returncode == 1, done.stderr
    assert done.stdout == "50 done, 0 already there, 1 failed\n"
    assert "failed: train/notes.txt: " in done.stderr
    url = f"pipe:aws s3 cp s3://{stage.target}/small/{{00000..00002}}-of-00003.tar -"
    read = finish([str(BIN / "python"), str(DRIVER), url])
    assert read.returncode == 0, read.stderr
    pipeline = Pipeline.parse(SPEC)
    expected = [
        [
            key,
            key.removesuffix(".jpg"),
            [3, 8, 8],
            hashlib.sha256(pipeline(body).tobytes()).hexdigest(),
        ]
        for key, body in photos.items()
    ]
    assert sorted(json.loads(read.stdout)) == sorted(expected)


def test_the_rows_of_a_table_are_what_the_reader_reads(stage, on_ray):
    table = ROOT / "tests/jitprep/tables/data/images.parquet"
    stage.put("train/images.parquet", table.read_bytes())
    for outcome in ("10 done, 0 already there, 0 failed\n", "0 done, 10 already there, 0 failed\n"):
        done = finish(on_ray("--column", "image", "--format", "parquet"))
        assert (done.returncode, done.stdout) == (0, outcome), done.stderr
    reader = open_reader(f"s3://{stage.source}/", pipeline=SPEC, column="image")
    keys = list(reader.keys())
    read = []
    for number in range(3):
        shard = stage.read(f"small/train/images/{number:05d}-of-00003.parquet")["Body"]
        read += parquet.read_table(io.BytesIO(shard)).to_pylist()
    assert [row["key"] for row in read] == keys
    assert [row["columns"]["caption"] for row in read] == reader.column_values("caption")
    bodies = [np.load(io.BytesIO(row["body"])) for row in read]
    np.testing.assert_array_equal(bodies, reader.get_batch(keys))
