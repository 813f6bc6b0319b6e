"""Backfill of tables: row groups as tasks, the results of the reader, and what is resumed."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from jitprep.backfill.job import CannotBackfill
from jitprep.backfill.planning.plan import plan_tasks
from jitprep.backfill.worker import TaskWorker
from jitprep.reader import open_reader

from .stage import Stage, invoke

DATA = Path(__file__).parents[1] / "tables/data"
SPEC = "random_crop:8/npy"
ROWS = [f"train/images.parquet#{number}" for number in range(10)]
SHARDS = [f"small/train/images/{number:05d}-of-00003" for number in range(3)]


@pytest.fixture
def tables(stage: Stage) -> Stage:
    """A bucket with a table of ten images in three row groups."""
    stage.put("train/images.parquet", (DATA / "images.parquet").read_bytes())
    stage.put("train/notes.txt", b"not a table")
    return stage


def job(stage: Stage, **given: Any) -> Any:
    return stage.job(SPEC, **{"column": "image", "seed": 5, **given})


def wanted(stage: Stage) -> np.ndarray:
    """Return what the reader makes of the rows."""
    reader = open_reader(f"s3://{stage.source}/", pipeline=SPEC, column="image", seed=5)
    assert list(reader.keys()) == ROWS
    return reader.get_batch(ROWS)


def loaded(body: bytes) -> np.ndarray:
    return np.load(io.BytesIO(body))


def table_rows() -> list[dict[str, Any]]:
    whole = parquet.read_table(DATA / "images.parquet").to_pylist()
    return [{**row, "image": {"path": row["image"]["path"]}} for row in whole]


def test_objects_are_what_the_reader_reads(tables):
    done = tables.run(job(tables))
    assert (done.done, done.failures) == (10, ())
    for key, row in zip(ROWS, wanted(tables), strict=True):
        copy = tables.read(f"small/{key}")
        np.testing.assert_array_equal(loaded(copy["Body"]), row)
        assert copy["Metadata"]["jitprep-source-etag"].endswith('#image"')


def test_parquet_has_a_shard_per_row_group_with_the_other_columns(tables):
    done = tables.run(job(tables, format="parquet"))
    assert (done.done, done.failures) == (10, ())
    shards = [
        parquet.read_table(io.BytesIO(tables.read(f"{name}.parquet")["Body"])) for name in SHARDS
    ]
    assert [shard.num_rows for shard in shards] == [4, 4, 2]
    whole = pa.concat_tables(shards)
    assert whole.column("key").to_pylist() == ROWS
    assert whole.column("columns").to_pylist() == table_rows()
    kind = whole.schema.field("columns").type
    assert (kind.field("label").type, kind.field("boxes").type.value_type.value_type) == (
        pa.int64(),
        pa.int32(),
    )
    for body, row in zip(whole.column("body").to_pylist(), wanted(tables), strict=True):
        np.testing.assert_array_equal(loaded(body), row)


def test_tar_has_the_other_columns_in_its_json(tables):
    assert tables.run(job(tables, format="tar")).done == 10
    names, columns, rows = [], [], []
    for name in SHARDS:
        with tarfile.open(fileobj=io.BytesIO(tables.read(f"{name}.tar")["Body"])) as tar:
            for member in tar:
                body = tar.extractfile(member).read()
                names.append(member.name)
                if member.name.endswith(".json"):
                    columns.append(json.loads(body)["columns"])
                else:
                    rows.append(loaded(body))
    assert names[:3] == ["train/images#0.npy", "train/images#0.json", "train/images#1.npy"]
    assert columns == table_rows()
    np.testing.assert_array_equal(rows, wanted(tables))


@pytest.mark.parametrize("form", ["objects", "tar", "parquet"])
def test_a_row_group_is_the_unit_of_resumption(tables, form):
    asked = job(tables, format=form)
    tasks = list(plan_tasks(tables.s3, asked))
    assert [len(task.originals) for task in tasks] == [4, 4, 2]
    worker = TaskWorker(asked)
    assert worker.do(tasks[1]).done == 4
    done = tables.run(asked)
    assert (done.done, done.already) == (6, 4)
    assert set(tables.versions().values()) == {1}
    assert [worker.left(task) for task in plan_tasks(tables.s3, asked)] == [()] * 3


def test_only_the_columns_that_are_wanted_are_read(tables, monkeypatch):
    from jitprep.backfill import reading

    stream = io.BytesIO()
    pngs = [
        row["bytes"] for row in parquet.read_table(DATA / "images.parquet").column(0).to_pylist()
    ]
    big = [bytes([number]) * 200_000 for number in range(10)]
    options = {"row_group_size": 5, "use_dictionary": False, "compression": "none"}
    parquet.write_table(pa.table({"big": big, "image": pngs, "more": big}), stream, **options)
    tables.put("train/images.parquet", stream.getvalue())
    read, part = [], reading.read_range

    def counted(*given: Any) -> bytes:
        read.append(given[-1] - given[-2])
        return part(*given)

    monkeypatch.setattr(reading, "read_range", counted)
    assert tables.run(job(tables)).done == 10
    assert sum(read) < 3 * 2**16 + 10_000  # the end of the file for the plan and each row group
    assert len(read) == 5


def test_another_column_or_content_is_copied_anew(tables):
    both = parquet.read_table(DATA / "images.parquet").column("image")
    images = [row["bytes"] for row in both.to_pylist()]
    stream = io.BytesIO()
    parquet.write_table(pa.table({"image": images, "depth": images[::-1]}), stream)
    tables.put("train/images.parquet", stream.getvalue())
    for form in ("objects", "tar"):
        assert tables.run(job(tables, format=form)).done == 10
        assert tables.run(job(tables, format=form, column="depth")).done == 10


def test_a_row_without_bytes_is_left_out_and_reported(tables):
    tables.put("train/images.parquet", (DATA / "paths.parquet").read_bytes())
    for form in ("objects", "tar"):
        done = tables.run(job(tables, format=form))
        assert (done.done, [failure.key for failure in done.failures]) == (9, [ROWS[1]])
        assert "row 1 has no bytes" in done.failures[0].reason
    again = tables.run(job(tables, format="tar"))
    assert (again.already, [failure.key for failure in again.failures]) == (9, [ROWS[1]])


@pytest.mark.parametrize("form", ["objects", "parquet"])
def test_a_table_that_cannot_be_read_stops_no_other(tables, form):
    tables.put("train/bad.parquet", b"no table" * 9)
    tables.put("train/other.parquet", (DATA / "sounds.parquet").read_bytes())
    done = tables.run(job(tables, format=form))
    assert done.done == 10
    reasons = {failure.key: failure.reason for failure in done.failures}
    assert "does not end as a Parquet table" in reasons["train/bad.parquet"]
    why = "'image' is not in the table; the binary columns are 'audio'"
    assert why in reasons["train/other.parquet"]


def test_what_cannot_be_planned_is_refused(tables):
    tables.run(job(tables, format="tar"))
    stream = io.BytesIO()
    parquet.write_table(pa.table({"image": [b""] * 5_000}), stream, row_group_size=5_000)
    tables.put("train/images.parquet", stream.getvalue())
    with pytest.raises(CannotBackfill, match="has 5000 rows, and a shard at most 4096"):
        list(plan_tasks(tables.s3, job(tables, format="tar")))
    tables.put("train/images.parquet", (DATA / "images.parquet").read_bytes())
    whole = parquet.read_table(DATA / "images.parquet")
    stream = io.BytesIO()
    parquet.write_table(whole, stream)
    tables.put("train/images.parquet", stream.getvalue())
    with pytest.raises(CannotBackfill, match="when it had 3 row groups, and not 1"):
        list(plan_tasks(tables.s3, job(tables, format="tar")))
    for key in ("train/images.parquet",):
        tables.s3.delete_object(Bucket=tables.source, Key=key)
    with pytest.raises(CannotBackfill, match=r"there are no \.parquet tables"):
        list(plan_tasks(tables.s3, job(tables)))


@pytest.mark.usefixtures("in_threads")
def test_the_command_takes_a_column(tables):
    command = tables.command("--column", "image", "--format", "parquet")
    assert invoke([*command, "--dry-run"]).stdout.startswith("10 originals")
    done = invoke(command)
    assert (done.exit_code, done.stdout) == (0, "10 done, 0 already there, 0 failed\n"), done.stderr
    assert "10 already there" in invoke(command).stdout
    for wrong in (["--shards", "3", "--format", "tar"], ["--engine", "s3-batch"]):
        assert invoke(tables.command("--column", "image", *wrong)).exit_code == 2


def test_parquet_keeps_values_that_python_cannot_hold(tables):
    images = parquet.read_table(DATA / "images.parquet").column("image")
    kinds = pa.array(["a", "b"] * 5).dictionary_encode()
    times = pa.array(range(10), pa.timestamp("ns"))
    stream = io.BytesIO()
    parquet.write_table(pa.table({"image": images, "at": times, "kind": kinds}), stream)
    tables.put("train/images.parquet", stream.getvalue())
    assert tables.run(job(tables, format="parquet")).done == 10
    body = tables.read("small/train/images/00000-of-00001.parquet")["Body"]
    columns = parquet.read_table(io.BytesIO(body)).column("columns").combine_chunks()
    assert columns.field("at").equals(times)
    assert columns.field("kind").to_pylist() == kinds.to_pylist()
