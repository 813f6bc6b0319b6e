"""Tables: samples and other columns are what pyarrow reads, for any writer and any options."""

from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from preprocessing import EmptySource, Pipeline, UnsupportedSource

from .tables import opened, read, written

DATA = Path(__file__).parent / "data"
VALUES = st.lists(st.none() | st.binary(max_size=40), max_size=30)
OPTIONS = st.fixed_dictionaries({
    "compression": st.sampled_from(["none", "snappy", "zstd", "gzip", "lz4", "brotli"]),
    "use_dictionary": st.booleans(),
    "data_page_version": st.sampled_from(["1.0", "2.0"]),
    "data_page_size": st.sampled_from([1, 64, 2**20]),
    "row_group_size": st.integers(1, 31),
    "write_page_index": st.booleans(),
    "store_schema": st.booleans(),
})  # fmt: skip


@given(VALUES, OPTIONS, st.sampled_from([pa.binary(), pa.large_binary()]))
def test_samples_are_those_that_were_written(values, options, kind):
    data = written({"n": range(len(values)), "x": pa.array(values, kind)}, **options)
    assert read(data, "x") == values


@given(VALUES, OPTIONS)
def test_samples_of_structures_are_their_bytes(values, options):
    whole = [None if value is None else {"bytes": value, "path": "p"} for value in values]
    kind = pa.struct([("path", pa.string()), ("bytes", pa.binary())])
    data = written({"x": pa.array(whole, kind), "n": list(range(len(values)))}, **options)
    assert read(data, "x") == values
    table, fetch = opened(data, "x")
    others = [row for group in table.groups for row in table.others(fetch, group).to_pylist()]
    assert [row["n"] for row in others] == table.values(fetch, "n") == list(range(len(values)))
    assert all("bytes" not in (row["x"] or {}) for row in others)


@given(VALUES.filter(len), OPTIONS)
def test_a_row_is_found_by_its_number(values, options):
    table, _ = opened(written({"x": pa.array(values, pa.binary())}, **options), "x")
    sizes = [group.rows for group in table.footer.groups]
    found = [table.group_of(number) for number in range(len(values))]
    assert found == [(group, place) for group, size in enumerate(sizes) for place in range(size)]
    for number in (-1, len(values)):
        with pytest.raises(IndexError, match=f"no row {number};"):
            table.group_of(number)


def test_only_the_column_is_fetched_and_each_row_group_once():
    values = [bytes([number]) * 100_000 for number in range(6)]
    columns = {"a": values, "x": values, "z": values}
    data = written(columns, row_group_size=2, compression="none", use_dictionary=False)
    table, fetch = opened(data, "x")
    fetched = []

    def counted(start, stop):
        fetched.append(stop - start)
        return fetch(start, stop)

    rows = table.samples(counted, 1)
    assert [rows[0], rows[1]] == values[2:4]
    assert len(fetched) == 1
    assert 200_000 <= fetched[0] < 201_000


def test_a_null_is_refused_by_the_number_of_its_row():
    table, fetch = opened((DATA / "paths.parquet").read_bytes(), "image")
    rows = table.samples(fetch, 0)
    assert table.sample(rows, 0, 0)[:2] == b"\xff\xd8"
    with pytest.raises(EmptySource, match=r"row 1 has no bytes in the column 'image'.*path"):
        table.sample(rows, 1, 1)


def test_a_footer_that_is_larger_than_the_first_request_is_read_whole():
    columns = {f"column {number}": [b"a", b"b"] for number in range(400)}
    data = written(columns, row_group_size=1)
    assert int.from_bytes(data[-8:-4], "little") > 2**16
    assert read(data, "column 7") == [b"a", b"b"]


def test_the_identity_is_that_of_the_content():
    data = written({"x": [b"a", b"b"]})
    assert opened(data, "x")[0].identity == opened(data, "x")[0].identity
    assert opened(data, "x")[0].identity != opened(written({"x": [b"a", b"bc"]}), "x")[0].identity


@pytest.mark.parametrize(("name", "column"), [("images", "image"), ("sounds", "audio")])
def test_tables_of_hugging_face_are_read_as_pyarrow_reads_them(name, column):
    path = DATA / f"{name}.parquet"
    whole = parquet.read_table(path)
    data = path.read_bytes()
    table, fetch = opened(data, column)
    assert len(table.footer.groups) == 3
    assert read(data, column) == [row["bytes"] for row in whole.column(column).to_pylist()]
    for other in set(whole.column_names) - {column}:
        assert table.values(fetch, other) == whole.column(other).to_pylist()
    assert table.others(fetch, 2).to_pylist()[1][column] == {
        "path": whole.column(column)[9]["path"].as_py()
    }
    kind = "audio" if column == "audio" else "image"
    for sample in read(data, column):
        assert Pipeline.parse(f"{kind}/npy")(sample).size


def test_classes_have_the_names_that_hugging_face_gave_them():
    table, fetch = opened((DATA / "images.parquet").read_bytes(), "image")
    assert table.class_names("label") == ("cat", "dog", "heron")
    assert table.values(fetch, "label") == [number % 3 for number in range(10)]
    assert table.class_names("caption") is table.class_names("none") is None
    assert opened(written({"x": [b""]}), "x")[0].class_names("x") is None


def test_a_footer_is_a_value():
    footer = opened((DATA / "images.parquet").read_bytes(), "image")[0].footer
    assert pickle.loads(pickle.dumps(footer)) == footer


def test_values_that_python_cannot_hold_are_refused():
    times = pa.array([1, 2], pa.timestamp("ns"))
    table, fetch = opened(written({"x": [b"a", b"b"], "at": times}), "x")
    assert table.others(fetch, 0).field("at").equals(times)
    with pytest.raises(UnsupportedSource, match=r"values of timestamp\[ns\].*cannot hold"):
        table.values(fetch, "at")
