"""The end of the S3 inside."""

import asyncio

from jitprep.emulator import store_process
from jitprep.emulator.store_process import StoreProcess


class EndsWhileKilled:
    """A process that ends by itself between the timeout and the signal."""

    stdin = None

    def __init__(self):
        self.ended = asyncio.Event()

    async def wait(self):
        await self.ended.wait()

    def kill(self):
        self.ended.set()
        raise ProcessLookupError


def test_a_process_that_ends_by_itself_is_no_failure(monkeypatch):
    monkeypatch.setattr(store_process, "_STOP_S", 0.01)

    async def stop():
        await StoreProcess(EndsWhileKilled(), 1).stop()

    asyncio.run(stop())
