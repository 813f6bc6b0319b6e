"""Responses whose body is late, breaks off or is not read."""

from __future__ import annotations

import asyncio
import re

from starlette.requests import ClientDisconnect

from jitprep.emulator.data_plane.pending_responses import Reply, ReplyHead
from jitprep.emulator.data_plane.reply_response import ReplyResponse
from jitprep.emulator.data_plane.spool import ByteBudget, Spool
from jitprep.emulator.request_ids import RequestIds

SOON_S = 0.05  # every deliberate wait


async def for_ever(*_message):
    await asyncio.Event().wait()


async def stalling(*chunks):
    for chunk in chunks:
        yield chunk
    await for_ever()


async def breaking(*chunks):
    for chunk in chunks:
        yield chunk
    raise ClientDisconnect


async def whole(*chunks):
    for chunk in chunks:
        yield chunk


def sent(body, *, status=200, error=None, send=None, headers=()):
    """Send a reply; return the ASGI messages, and whether the function wrote all of it in time."""

    async def run():
        room = ByteBudget()
        spool = Spool(room)
        reply = Reply(ReplyHead(status, tuple(headers), error), spool)
        filling = asyncio.create_task(spool.fill(body, SOON_S))
        messages = []

        async def keep(message):
            messages.append(message)

        response = ReplyResponse(reply, RequestIds("id", "host"), SOON_S)
        sending = asyncio.create_task(response({"type": "http"}, for_ever, send or keep))
        (written,) = await asyncio.gather(filling, return_exceptions=True)
        if send is not None:  # the client reads nothing, and disconnects in the end
            sending.cancel()
        await asyncio.wait({sending})
        assert room.held == 0
        return messages, not isinstance(written, TimeoutError)

    return asyncio.run(asyncio.wait_for(run(), 5))


def code_of(messages):
    start, body = messages
    return start["status"], re.search(rb"<Code>(\w+)</Code>", body["body"])[1].decode()


def test_a_whole_body_is_sent_and_ended():
    messages, in_time = sent(whole(b"a", b"b"))
    assert b"".join(m.get("body", b"") for m in messages) == b"ab"
    assert [m.get("more_body", False) for m in messages[-2:]] == [True, False]
    assert in_time


def test_a_body_that_stalls_half_way_is_left_short():
    """The server then closes the connection, and the client notices the missing bytes."""
    messages, in_time = sent(stalling(b"half"))
    assert [m["type"] for m in messages] == ["http.response.start", "http.response.body"]
    assert messages[-1]["more_body"]
    assert not in_time


def test_a_body_that_never_begins_is_a_timeout():
    messages, in_time = sent(stalling())
    assert code_of(messages) == (500, "LambdaTimeout")
    assert not in_time


def test_a_body_that_breaks_before_its_first_byte_is_an_error():
    messages, in_time = sent(breaking())
    assert code_of(messages) == (400, "ConnectionClosedByRequester")
    assert in_time


def test_a_body_that_cannot_be_buffered_is_an_error():
    async def full():
        raise OSError(28, "No space left on device")
        yield b""

    messages, _ = sent(full())
    assert code_of(messages) == (500, "InternalError")


def test_a_body_that_breaks_half_way_is_left_short():
    messages, _ = sent(breaking(b"half"))
    assert messages[-1]["more_body"]


def test_a_client_that_reads_nothing_does_not_block_the_function():
    _, in_time = sent(whole(*[b"x" * 100_000] * 50), send=for_ever)
    assert in_time


def test_an_error_has_no_body():
    messages, _ = sent(whole(), status=404, error="NoSuchKey")
    assert code_of(messages) == (404, "NoSuchKey")


def test_an_error_keeps_headers_that_do_not_describe_a_body():
    given = [(b"content-range", b"bytes */5"), (b"content-type", b"image/png"), (b"etag", b'"e"')]
    messages, _ = sent(whole(), status=416, error="InvalidRange", headers=given)
    headers = dict(messages[0]["headers"])
    assert headers[b"content-range"] == b"bytes */5"
    assert headers[b"etag"] == b'"e"'
    assert headers[b"content-type"] == b"application/xml"
