"""Keys and labels: from folders, manifests and globs."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from jitprep.reader import open_reader
from jitprep.reader.loading.manifest import manifest_columns
from jitprep.reader.loading.selection import folder_labels, near_groups, select_samples

NAMES = st.text("abc", min_size=1, max_size=3)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1), st.sampled_from(["", "train/", "a/b/"]))
def test_a_class_is_the_first_folder_that_keys_do_not_share(parts, prefix):
    keys = [f"{prefix}{folder}/{name}" for folder, name in parts]
    labels, classes = folder_labels(keys)
    assert list(classes) == sorted({folder for folder, _ in parts})
    assert [classes[label] for label in labels] == [folder for folder, _ in parts]


def test_a_key_without_a_folder_is_named():
    for keys in (["cat/1.jpg", "2.jpg"], ["2.jpg"], ["x/2.jpg", "x/cat/1.jpg", "3.jpg"]):
        with pytest.raises(ValueError, match=r"[23]\.jpg has none"):
            folder_labels(keys)


@pytest.fixture
def reader(tmp_path):
    for name in ("cat/1.jpg", "cat/2.png", "dog/3.jpg", "dog/notes.txt"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).touch()
    return open_reader(f"file:{tmp_path / 'photos'}", pipeline="npy")


def selected(reader, keys=None, labels=None, manifest=None, include=(), exclude=()):
    return select_samples(reader, keys, labels, manifest, include, exclude)


def test_all_keys_are_the_default_and_their_own_labels(reader):
    samples = selected(reader)
    assert samples.keys == list(samples.labels) == list(reader.keys())
    assert (samples.classes, samples.columns) == (None, {})


def test_globs_choose_keys_with_their_labels(reader):
    samples = selected(reader, labels=[10, 11, 12, 13], include="*.jpg")
    assert (samples.keys, list(samples.labels)) == (["cat/1.jpg", "dog/3.jpg"], [10, 12])
    samples = selected(reader, labels=np.arange(4), include=["cat/*", "*.txt"], exclude=["*.png"])
    assert (samples.keys, list(samples.labels)) == (["cat/1.jpg", "dog/notes.txt"], [0, 3])
    samples = selected(reader, labels="folder", exclude="*.txt")
    assert (samples.labels, samples.classes) == ([0, 0, 1], ("cat", "dog"))
    with pytest.raises(ValueError, match=r"none of 4 keys, such as cat/1\.jpg"):
        selected(reader, include="*.JPG")


ROWS = {"key": ["dog/3.jpg", "cat/1.jpg"], "label": [1, 0], "weight": [0.5, 2.0], "who": ["x", "y"]}


def test_a_manifest_has_keys_labels_and_other_columns(reader, tmp_path):
    table = tmp_path / "table.parquet"
    parquet.write_table(pa.table(ROWS), table)
    lines = tmp_path / "table.csv"
    lines.write_text("key,label,weight,who\ndog/3.jpg,1,0.5,x\ncat/1.jpg,0,2e0,y\n", "utf-8-sig")
    assert manifest_columns(table) == manifest_columns(str(lines)) == ROWS
    samples = selected(reader, manifest=lines, exclude="dog/*")
    assert (samples.keys, samples.labels) == (["cat/1.jpg"], [0])
    assert samples.columns == {"weight": [2.0], "who": ["y"]}


def test_a_csv_column_is_numbers_only_where_all_are(tmp_path):
    lines = tmp_path / "table.csv"
    lines.write_text('key,a,b,c,d\n1,1,007,1_0,-2.5\n2,"x, ""y""",8,2,3\n')
    columns = manifest_columns(lines)
    assert columns == {
        "key": ["1", "2"],
        "a": ["1", 'x, "y"'],
        "b": ["007", "8"],
        "c": ["1_0", "2"],
        "d": [-2.5, 3.0],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has the columns (none)"),
        ("path,label\na,1\n", "has the columns path, label"),
        ("key,label\na\n", "row 2: 1 values for 2 columns"),
        ("key,key\na,b\n", "table.csv has two columns named key; rename one"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(tmp_path, text, message):
    lines = tmp_path / "table.csv"
    lines.write_text(text)
    with pytest.raises(ValueError, match=re.escape(message)):
        manifest_columns(lines)


def test_a_manifest_that_is_not_csv_is_named(tmp_path):
    lines = tmp_path / "table.csv"
    lines.write_bytes(b"key,label\na,\xff\n")
    with pytest.raises(
        ValueError, match=r"table\.csv cannot be read as CSV in UTF-8: 'utf-8' codec"
    ):
        manifest_columns(lines)
    lines.write_text(f"key,label\na,{'x' * 100}\n")
    before = csv.field_size_limit(99)
    try:
        with pytest.raises(ValueError, match=r"table\.csv cannot be read as CSV in UTF-8: field"):
            manifest_columns(lines)
    finally:
        csv.field_size_limit(before)


def parquet_file(**columns: pa.Array) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table(list(columns.values()), names=list(columns)), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PAR1",
        b"PAR1" * 9,
        parquet_file(key=pa.array(["a"]))[:-12],
        parquet_file(key=pa.array(["a"]), late=pa.array([10**15], pa.timestamp("s"))),
    ],
    ids=["empty", "magic", "lengths", "cut off", "a time that Python cannot hold"],
)
def test_a_damaged_table_is_named(tmp_path, body):
    table = tmp_path / "table.parquet"
    table.write_bytes(body)
    with pytest.raises(ValueError, match=r"table\.parquet cannot be read as Parquet: "):
        manifest_columns(table)


def test_a_table_with_two_columns_of_one_name_is_refused(tmp_path):
    table = tmp_path / "table.parquet"
    twice = pa.table([pa.array(["a"]), pa.array(["b"])], names=["key", "key"])
    parquet.write_table(twice, table)
    with pytest.raises(ValueError, match="has two columns named key; rename one"):
        manifest_columns(table)
    with pytest.raises(FileNotFoundError):
        manifest_columns(tmp_path / "missing.parquet")


def test_what_excludes_each_other_is_refused(reader, tmp_path):
    with pytest.raises(ValueError, match="omit keys and labels"):
        selected(reader, keys=["a"], manifest=tmp_path / "table.csv")
    with pytest.raises(ValueError, match='labels must be "folder"'):
        selected(reader, labels="folders")


@pytest.mark.parametrize("shuffle", ["groups", "rows", 3])
def test_only_rows_of_tables_are_shuffled_by_groups(reader, shuffle):
    assert near_groups(reader, ["a"], True) == near_groups(reader, ["a"], False) == ()
    with pytest.raises(ValueError, match=f'"groups", got {shuffle!r}'):
        near_groups(reader, ["a"], shuffle)
