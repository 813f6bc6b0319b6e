"""A function's answer on its way to the reader."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from emulator.exchange import Reply, ReplyHead
from emulator.request_ids import RequestIds
from emulator.s3_errors import S3Error, error_response, reported


class ReplyResponse:
    """Sends a reply, its body chunk by chunk as the function writes it.

    Parameters
    ----------
    reply
        What the function answered.
    ids
        The names of the reader's request.
    """

    def __init__(self, reply: Reply, ids: RequestIds) -> None:
        self._reply = reply
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the object, or S3's XML where the function reports an error."""
        try:
            error = _error(self._reply.head)
            if error is None:
                await self._send_object(send)
            else:
                await error_response(error, self._ids)(scope, receive, send)
        finally:
            self._reply.read.set()

    async def _send_object(self, send: Send) -> None:
        head = self._reply.head
        ids = [(name.encode(), value.encode()) for name, value in self._ids.headers.items()]
        headers = [*head.headers, *ids]
        if head.status == HTTPStatus.NOT_MODIFIED:
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": head.status, "headers": headers})
        try:
            async for chunk in self._reply.body:
                if head.status != HTTPStatus.NOT_MODIFIED:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except ClientDisconnect:
            # The function ended in the middle. The status is sent, so leaving the body short is
            # the one way to say it: the connection closes, and the reader finds bytes missing.
            return
        await send({"type": "http.response.body"})


def _error(head: ReplyHead) -> S3Error | None:
    if head.error_code is None and head.error_message is None:
        return None
    return reported(head.status, head.error_code, head.error_message)
