"""Batches of originals in a store: in order, by workers that fetch while they compute."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from jitprep.reader import Reader, open_reader
from tests.jitprep.service.source.stored.server import Page, WebServer, served
from tests.photos import photo

PHOTOS = ("rocket", "coffee", "chelsea")


@pytest.fixture
def store() -> Iterator[WebServer]:
    with served() as web:
        for number in range(13):
            body = photo(PHOTOS[number % len(PHOTOS)])
            web.pages[f"/bucket/{number:02}.jpg"] = Page(body, {"ETag": f'"{number}"'})
        yield web


@pytest.fixture
def originals(store: WebServer) -> Reader:
    crops = "random_resized_crop:16/random_horizontal_flip/npy"
    return open_reader("s3://bucket", endpoint_url=store.url, pipeline=crops)


@pytest.mark.parametrize("before", [False, True], ids=["unread", "read before the fork"])
@pytest.mark.parametrize(("workers", "method"), [(0, None), (2, "fork"), (2, "spawn")])
def test_batches_are_those_of_the_reader(streams, originals, workers, method, before):
    keys = [f"{number:02}.jpg" for number in range(13)]
    if before:
        originals.get_batch(keys[:3])
    stream, keys, order = streams(originals, keys, workers=workers, method=method, shuffle=True)
    for number in (0, 1):
        stream.begin(number, 0)
        batches = [stream.take() for _ in range(order.batches(0))]
        rows = np.concatenate([np.array(batch.rows) for batch in batches])
        wanted = [keys[index] for index in order.indices(number, 0)]
        expected = originals.with_seed(number).get_batch(wanted)
        np.testing.assert_array_equal(rows, expected, strict=True)
