"""Buffered bodies arrive whole, within a limit, and are discarded when closed."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from jitprep.emulator.data_plane.spool import ByteBudget, Spool

SOON_S = 0.05


async def of(*chunks, ends=None):
    for chunk in chunks:
        yield chunk
    if ends is not None:
        raise ends


async def stalling(*chunks):
    for chunk in chunks:
        yield chunk
    await asyncio.Event().wait()


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 10))


@given(st.lists(st.binary(max_size=3_000_000), max_size=4), st.integers(0, 4))
def test_written_bytes_are_read_in_any_interleaving(chunks, before):
    async def both():
        room = ByteBudget()
        spool = Spool(room)
        filling = asyncio.create_task(spool.fill(of(*chunks), 10))
        for _ in range(before):  # let the writer run ahead
            await asyncio.sleep(0)
        body = b"".join([chunk async for chunk in spool.chunks()])
        await filling
        spool.close()
        return body, room.held

    assert run(both()) == (b"".join(chunks), 0)


def test_a_writer_does_not_wait_below_the_limit():
    async def write():
        room = ByteBudget(100)
        spool = Spool(room)
        await spool.fill(of(b"x" * 60, b"y" * 40), 10)
        assert room.held == 100
        body = b"".join([chunk async for chunk in spool.chunks()])
        spool.close()
        return body

    assert run(write()) == b"x" * 60 + b"y" * 40


def test_at_the_limit_a_writer_waits_unless_its_reader_has_read_everything():
    async def write():
        room = ByteBudget(100)
        unread, read = Spool(room), Spool(room)
        stuck = asyncio.create_task(unread.fill(of(b"x" * 100, b"y"), 10))
        await asyncio.sleep(SOON_S)
        assert not stuck.done()
        filling = asyncio.create_task(read.fill(of(*[b"z" * 50] * 20), 10))
        body = b"".join([chunk async for chunk in read.chunks()])
        await filling
        unread.close()  # its client disconnects, which releases the writer
        await stuck
        read.close()
        return body, room.held

    assert run(write()) == (b"z" * 1000, 0)


@pytest.mark.parametrize("error", [ClientDisconnect(), OSError("full")])
def test_a_failure_reaches_the_reader_after_the_bytes_before_it(error):
    async def both():
        spool = Spool(ByteBudget())
        with pytest.raises(type(error)):
            await spool.fill(of(b"half", ends=error), 10)
        chunks = spool.chunks()
        assert await anext(chunks) == b"half"
        with pytest.raises(type(error)):
            await anext(chunks)
        spool.close()

    run(both())


def test_a_body_that_stalls_is_a_timeout_for_both():
    async def both():
        spool = Spool(ByteBudget())
        with pytest.raises(TimeoutError):
            await spool.fill(stalling(b"half"), SOON_S)
        chunks = spool.chunks()
        assert await anext(chunks) == b"half"
        with pytest.raises(TimeoutError):
            await anext(chunks)
        spool.close()

    run(both())
