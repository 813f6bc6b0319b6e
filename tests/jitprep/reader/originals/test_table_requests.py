"""Readers of tables: which requests they send, and what they make of failures."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from jitprep.reader import BadObject, Reader, Refused, Unavailable, open_reader
from jitprep.reader.doors import open_tables
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.transport.retry import TRIES
from preprocessing import Pipeline
from tests.jitprep.service.source.stored.server import Fault, WebServer

from .conftest import page


@pytest.fixture
def large(store: WebServer) -> tuple[Callable[..., Reader], list[str]]:
    """Return what opens a table of six row groups of two photographs, and its keys."""
    rng = np.random.default_rng(7)
    made = [rng.integers(0, 256, (200, 300, 3), np.uint8) for _ in range(12)]
    bodies = [Pipeline.parse("png").encode(image).body for image in made]
    stream = io.BytesIO()
    table = pa.table({"n": list(range(12)), "image": bodies, "other": bodies})
    parquet.write_table(table, stream, row_group_size=2, use_dictionary=False)
    store.pages["/bucket/large.parquet"] = page(stream.getvalue(), "one")

    def reader(**options: Any) -> Reader:
        return open_reader(
            f"{store.url}/bucket/large.parquet",
            pipeline="resize:8,8/npy",
            column="image",
            **options,
        )

    return reader, [f"large.parquet#{row}" for row in range(12)]


def ranges(store: WebServer) -> list[tuple[int, int]]:
    """Return which bytes were asked for, and forget it."""
    found = [headers["range"].removeprefix("bytes=").split("-") for _, _, headers in store.requests]
    store.requests.clear()
    return [(int(first), int(last)) for first, last in found]


def test_a_row_group_is_read_once_and_only_its_column(store, large):
    opened, keys = large
    reader = opened()
    assert list(reader.keys()) == keys
    assert len(ranges(store)) == 2  # the beginning, and the end with the footer
    for key in keys:
        reader.get(key)
    asked = ranges(store)
    assert len(asked) == 6
    assert all(190_000 < last - first < 2.1 * 200 * 300 * 3 for first, last in asked)
    reader.with_seed(1).get_batch(keys)
    assert reader.get_batch(keys[::-1]).shape == (12, 3, 8, 8)
    assert ranges(store) == []


def test_what_is_kept_is_bounded(store, large, monkeypatch):
    opened, keys = large
    kept = open_tables.ByteCache(800_000)  # two row groups
    monkeypatch.setattr(open_tables, "_groups", cache(lambda: kept))
    reader = opened()
    for key in keys:
        reader.get(key)
    ranges(store)
    reader.get_batch(keys[8:])
    assert ranges(store) == []
    reader.get_batch([keys[0], keys[2], keys[4], keys[1], keys[3], keys[5]])
    assert len(ranges(store)) == 3  # a batch reads each row group once, in any order
    for key in (*keys[::2], *keys[1::2]):
        reader.get(key)
    assert len(ranges(store)) > 9


def test_a_table_that_is_replaced_is_opened_anew(store, large, pauses):
    opened, keys = large
    reader = opened()
    before = reader.get(keys[0])
    store.pages["/bucket/large.parquet"] = page(_table([b"", *_bodies(3)]), "two")
    np.testing.assert_array_equal(reader.get(keys[0]), before)  # its row group is kept
    assert np.all(reader.get(keys[3]) == 255)
    read = reader.get_each(keys[1:5])
    assert [getattr(row, "code", None) for row in read.values()] == [None] * 3 + ["NoSuchKey"]
    with pytest.raises(BadObject, match="0 bytes"):
        reader.get(keys[0])


def _bodies(count: int) -> list[bytes]:
    white = np.full((40, 40, 3), 255, np.uint8)
    return [Pipeline.parse("png").encode(white).body for _ in range(count)]


def _table(bodies: list[bytes]) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table({"image": bodies}), stream)
    return stream.getvalue()


def test_a_store_that_is_down_is_tried_again_and_once_for_all_rows(store, large, pauses):
    opened, keys = large
    reader = opened()
    store.faults += [Fault(503)] * 3
    assert reader.get_batch(keys).shape == (12, 3, 8, 8)
    open_tables.forget_all()
    assert len(list(reader.keys())) == 12
    ranges(store)
    store.faults += [Fault(503)] * 10_000
    read = reader.get_each(keys[:2])
    assert all(isinstance(error, Unavailable) for error in read.values())
    assert len(store.requests) <= TRIES + 1


def test_tables_without_ranges_are_refused(store, large):
    opened, keys = large
    whole = store.pages["/bucket/large.parquet"]
    whole.ranged = False
    with pytest.raises(Refused, match="cannot be read by ranges"):
        opened().get(keys[0])
    store.pages["/bucket/large.parquet"] = page(
        gzip.compress(whole.body), "zipped", {"Content-Encoding": "gzip"}
    )
    with pytest.raises(Refused, match="cannot be read by ranges"):
        opened().get(keys[0])


@pytest.mark.parametrize(
    ("body", "code"), [(b"", "EmptyObject"), (b"no table" * 9, "UnknownFormat")]
)
def test_what_is_not_a_table_is_bad(store, large, body, code):
    opened, keys = large
    store.pages["/bucket/large.parquet"] = page(body, "bad")
    with pytest.raises(BadObject) as refused:
        opened().get(keys[0])
    assert refused.value.code == code


def test_a_shuffle_by_groups_reads_each_row_group_once(store, large, monkeypatch):
    opened, keys = large
    kept = open_tables.ByteCache(8 * 400_000)
    monkeypatch.setattr(open_tables, "_groups", cache(lambda: kept))
    reader = opened()
    order = EpochOrder(count=12, batch_size=3, shuffle=True, groups=reader.group_sizes(keys))
    ranges(store)
    for batch in np.split(order.indices(7), 4):
        reader.get_batch([keys[index] for index in batch])
    assert len(ranges(store)) == 6
