"""The memory that the rows of batches hold until their clients have taken them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from jitprep.server.batch_rows import BatchRows
from jitprep.server.configuration.mounts import Mount
from jitprep.server.configuration.settings import ServerSettings
from jitprep.server.exchange import Exchange
from jitprep.server.work import Work
from jitprep.service.errors import RequestFailed
from jitprep.service.messages import ObjectName, ObjectRequest, PipelineChoice
from preprocessing import Pipeline
from tests.photos import photo

SPEC = "resize:64,64/npy"
BATCHES, ROWS = 5, 100
SCOPE = {"method": "POST", "raw_path": b"/", "query_string": b"", "headers": []}


@pytest.fixture
def mount(own_settings: pytest.MonkeyPatch, photographs: Path, tmp_path: Path) -> Mount:
    path = tmp_path / "jitprep.toml"
    path.write_text(f'[mounts.photos]\nsource = "{photographs}"\npipeline = "{SPEC}"\n')
    own_settings.setenv("JITPREP_CONFIG", str(path))
    return ServerSettings.read().mounts["photos"]


@pytest.fixture(scope="module")
def row_bytes() -> int:
    return len(Pipeline.parse(SPEC).encode(photo("rocket")).body)


class Batch:
    """A batch, and how many of its objects were begun."""

    def __init__(self, mount: Mount, work: Work) -> None:
        self.begun, self._mount = 0, mount
        self.exchange = Exchange(SCOPE, self._receive)
        self.rows = BatchRows(self._requests(), mount, work, self.exchange).in_order()

    async def _receive(self) -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    def _requests(self) -> Iterator[ObjectRequest]:
        for _ in range(ROWS):
            self.begun += 1
            name = ObjectName(self._mount.name, "rocket.jpg")
            yield ObjectRequest("GET", name.key, name, PipelineChoice(self._mount.configuration))


async def settled(batches: list[Batch]) -> int:
    """Return how many objects were begun, once no more are."""
    before = -1
    while (now := sum(batch.begun for batch in batches)) != before:
        before = now
        await asyncio.sleep(0.3)
    return now


async def read_slowly(mount: Mount, work: Work) -> tuple[int, list[int]]:
    """Let clients take one row each, and then all; return the rows begun before, and those read."""
    batches = [Batch(mount, work) for _ in range(BATCHES)]
    for batch in batches:
        await anext(batch.rows)
    begun = await settled(batches)
    read = [1 + len([row async for row in batch.rows]) for batch in batches]
    return begun, read


def test_rows_are_made_ahead_while_there_is_memory(mount, row_bytes):
    begun, read = asyncio.run(read_slowly(mount, Work(16, 1_000 * row_bytes)))
    assert begun == BATCHES * 17
    assert read == [ROWS] * BATCHES


def test_without_memory_each_batch_goes_on_one_row_after_the_other(mount, row_bytes):
    most = 20 * row_bytes
    begun, read = asyncio.run(read_slowly(mount, Work(16, most)))
    assert begun * row_bytes <= 1.5 * most
    assert read == [ROWS] * BATCHES


async def leave(mount: Mount, row_bytes: int) -> None:
    """Let clients fill the memory, and leave."""
    work = Work(16, 4 * row_bytes)
    batches = [Batch(mount, work) for _ in range(BATCHES)]
    for batch in batches:
        await anext(batch.rows)
    await settled(batches)
    for require in (work.require_room, work.require_room_for_batch):
        with pytest.raises(RequestFailed) as caught:
            require()
        assert caught.value.code == "SlowDown"
    for batch in batches:
        await batch.rows.aclose()
    work.require_room_for_batch()
    with work.hold(4 * row_bytes):
        work.require_room()  # so nothing else is held
    assert work.may_go_ahead


def test_where_clients_hold_all_others_come_back_until_they_leave(mount, row_bytes):
    asyncio.run(leave(mount, row_bytes))
