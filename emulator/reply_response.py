"""A function's answer on its way to the reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from emulator.exchange import Reply, ReplyHead
from emulator.request_ids import RequestIds
from emulator.s3_errors import S3Error, error_response, reported, timed_out


class ReplyResponse:
    """Sends a reply, its body chunk by chunk as the function writes it.

    Parameters
    ----------
    reply
        What the function answered.
    ids
        The names of the reader's request.
    timeout
        Seconds within which the whole body must have passed. It ends a body that the function
        stops writing, or the reader reading: neither may wait for ever.
    """

    def __init__(self, reply: Reply, ids: RequestIds, timeout: float) -> None:
        self._reply = reply
        self._ids = ids
        self._timeout = timeout
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the object, or S3's XML where the function reports an error."""
        error = _error(self._reply.head)
        try:
            async with asyncio.timeout(self._timeout):
                if error is None:
                    await self._send_object(send)
        except TimeoutError:
            self._reply.end(in_time=False)
            error = timed_out(self._timeout)
        except ClientDisconnect:
            message = "The function ended before it had written the object."
            error = S3Error(400, "ConnectionClosedByRequester", message)
        finally:
            self._reply.end()
        # Once the status is sent, leaving the body short is the one way to say that it failed: the
        # server closes the connection, and the reader finds bytes missing.
        if error is not None and not self._begun:
            await error_response(error, self._ids)(scope, receive, send)

    async def _send_object(self, send: Send) -> None:
        head, body = self._reply.head, self._reply.body
        # The status waits for the first bytes: until they are there, a failure can still be told.
        first = await anext(body, b"")
        self._begun = True
        await send(
            {"type": "http.response.start", "status": head.status, "headers": self._headers()}
        )
        async for chunk in _chain(first, body):
            if head.status != HTTPStatus.NOT_MODIFIED:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    def _headers(self) -> list[tuple[bytes, bytes]]:
        head = self._reply.head
        ids = [(name.encode(), value.encode()) for name, value in self._ids.headers.items()]
        headers = [*head.headers, *ids]
        if head.status == HTTPStatus.NOT_MODIFIED:
            return [(name, value) for name, value in headers if name != b"content-length"]
        return headers


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _error(head: ReplyHead) -> S3Error | None:
    if head.error_code is None and head.error_message is None:
        return None
    return reported(head.status, head.error_code, head.error_message)
