"""Batches of a table's rows: the same for any worker, with rows that are left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from jitprep.reader import BadObject, Reader, open_reader
from jitprep.reader.doors import open_tables
from tests.jitprep.service.source.stored.server import Page, WebServer, served
from tests.paths import ROOT

DATA = ROOT / "tests/jitprep/tables/data"
CROPS = "random_crop:8/random_horizontal_flip/npy"


@pytest.fixture
def store() -> Iterator[WebServer]:
    with served() as web:
        for name in ("images", "paths"):
            body = (DATA / f"{name}.parquet").read_bytes()
            web.pages[f"/bucket/{name}.parquet"] = Page(body, {"ETag": f'"{name}"'})
        open_tables.forget_all()
        yield web
        open_tables.forget_all()


def rows_of(store: WebServer, name: str) -> Reader:
    address = f"s3://bucket/{name}.parquet"
    return open_reader(address, endpoint_url=store.url, pipeline=CROPS, column="image")


@pytest.mark.parametrize(("workers", "method"), [(0, None), (2, "fork"), (2, "spawn")])
def test_batches_are_those_of_the_reader(streams, store, workers, method):
    reader = rows_of(store, "images")
    stream, keys, order = streams(
        reader, workers=workers, method=method, batch_size=3, shuffle=True
    )
    for number in (0, 1):
        stream.begin(number, 0)
        batches = [stream.take() for _ in range(order.batches(0))]
        rows = np.concatenate([np.array(batch.rows) for batch in batches])
        wanted = [keys[index] for index in order.indices(number, 0)]
        expected = reader.with_seed(number).get_batch(wanted)
        np.testing.assert_array_equal(rows, expected, strict=True)


def test_a_row_without_bytes_is_left_out_or_raised(streams, store):
    reader = rows_of(store, "paths")
    stream, *_ = streams(reader, workers=1, batch_size=4, skips=True)
    stream.begin(0, 0)
    batches = [stream.take() for _ in range(3)]
    assert [len(batch.rows) for batch in batches] == [3, 4, 2]
    assert [error.key for error in batches[0].skipped] == ["paths.parquet#1"]
    stream, *_ = streams(reader, workers=1, batch_size=4)
    stream.begin(0, 0)
    with pytest.raises(BadObject, match="row 1 has no bytes"):
        stream.take()


def test_a_worker_that_takes_whole_batches_reads_few_row_groups(streams, store):
    reader = rows_of(store, "images")
    stream, *_ = streams(reader, workers=2, method="spawn", batch_size=4)
    open_tables.forget_all()
    store.requests.clear()
    stream.begin(0, 0)
    for _ in range(3):
        stream.take()
    # Each worker opens the table by one request, since it is small, and may get all three row groups.
    assert len(store.requests) <= 2 + 2 * 3
