"""A loader that overflows to the function: by Invoke, by its URL and through an access point."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from jitprep.reader import Reader, open_reader
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.opening import open_overflow
from jitprep.reader.loading.stream import EpochStream
from preprocessing import Pipeline
from tests.jitprep.reader.loading.overflow.remotes import SlowMachine

from .conftest import ACTIONS

CROPS = "random_resized_crop:32/random_horizontal_flip/npy"  # the preset `crop`
BATCH, REPEATS = 10, 8


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="module")
def machine(photos: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> SlowMachine:
    """A slow machine, with the bucket's objects in a folder."""
    folder = tmp_path_factory.mktemp("photos")
    for key, body in photos.items():
        (folder / key).write_bytes(body)
    return SlowMachine(path=folder, pipeline=Pipeline.parse(CROPS), delay=0.02)


@pytest.fixture
def remote(over_http: Any, request: pytest.FixtureRequest) -> Reader | str:
    at = {"endpoint_url": over_http.url}
    match request.param:
        case "invoke":
            return open_reader("lambda:preprocess/photos", pipeline=CROPS, **at)
        case "url":
            return open_reader(f"{over_http.function_url()}/photos", preset="crop")
    payload = json.dumps({"pipeline": "crop"})
    alias = over_http.create_access_point("overflow", "photos", payload=payload, actions=ACTIONS)
    return open_reader(f"s3://{alias}", **at)


@pytest.mark.parametrize("remote", ["invoke", "url", "access point"], indirect=True)
def test_batches_are_those_of_the_machine(machine: SlowMachine, remote: Reader) -> None:
    keys = list(machine.keys()) * REPEATS
    order = EpochOrder(count=len(keys), batch_size=BATCH, shuffle=True)
    stream = EpochStream(
        machine,
        keys,
        order,
        workers=1,
        start_method="forkserver",  # the endpoint has threads in this process
        nbytes=2**20,
        skips=False,
        overflow=open_overflow(remote, machine, 64),
    )
    made = 0
    for epoch in (1, 2):
        expected = machine.with_seed(epoch).get_each(set(keys))
        for batch in _epoch(stream, order, epoch):
            wanted = np.stack([expected[keys[index]] for index in batch.indices])
            np.testing.assert_array_equal(batch.rows, wanted, strict=True)
            made += batch.remote
    stream.close()
    assert made > 0


def _epoch(stream: EpochStream, order: EpochOrder, number: int) -> Iterator[Any]:
    stream.begin(number, 0)
    for _ in range(order.batches()):
        yield stream.take()
