"""A loader of originals in a store, which overflows to a server on the same store."""

# ruff: noqa: F811  # the fixtures of test_mounts are arguments here

from __future__ import annotations

import time
from dataclasses import dataclass, fields

import numpy as np

from jitprep.reader import open_reader
from jitprep.reader.doors.store import StoreReader
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.opening import open_overflow
from jitprep.reader.loading.stream import EpochStream
from jitprep.reader.transport import stores

from .conftest import SPEC, Store
from .mounts import SIGNED, mounted
from .test_mounts import deep  # noqa: F401

PREFIX = "pre/fix"


@dataclass(frozen=True, kw_only=True)
class SlowStore(StoreReader):
    """A machine that takes long to transform."""

    def _transformed(self, *arguments):
        time.sleep(0.01)
        return super()._transformed(*arguments)


def test_batches_are_those_of_the_reader_alone(store: Store, deep, tmp_path, monkeypatch):
    for name, value in store.environment.items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    stores.forget_stores()
    here = open_reader(f"s3://{deep}/{PREFIX}", endpoint_url=store.url, pipeline=SPEC)
    slow = SlowStore(**{field.name: getattr(here, field.name) for field in fields(here)})
    keys = list(here.keys()) * 12
    order = EpochOrder(count=len(keys), batch_size=16, shuffle=True)
    with mounted(tmp_path, store, {"deep": (f"s3://{deep}/{PREFIX}", SIGNED)}, SPEC) as server:
        stream = EpochStream(
            slow,
            keys,
            order,
            workers=1,
            start_method="spawn",
            nbytes=2**22,
            skips=False,
            overflow=open_overflow(f"{server.url}/deep", slow, 64),
        )
        batches = []
        for epoch in (1, 2):
            stream.begin(epoch, 0)
            expected = here.with_seed(epoch).get_each(set(keys))
            for _ in range(order.batches()):
                batches.append(batch := stream.take())
                wanted = np.stack([expected[keys[index]] for index in batch.indices])
                np.testing.assert_array_equal(batch.rows, wanted, strict=True)
        stream.close()
    assert 0 < sum(batch.remote for batch in batches) < 2 * len(keys)
