"""The HTTP response that streams what a function writes to the client."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from jitprep.emulator.data_plane.pending_responses import Reply, ReplyHead
from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error, error_response, reported_error, timeout_error


class ReplyResponse:
    """Sends a reply, its body chunk by chunk as the function writes it.

    Parameters
    ----------
    reply
        What the function wrote.
    ids
        The identifiers of the client's request.
    timeout
        Seconds that the function may take for the whole body, for the error message.
    """

    def __init__(self, reply: Reply, ids: RequestIds, timeout: float) -> None:
        self._reply = reply
        self._ids = ids
        self._timeout = timeout
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the object, or S3's XML if the function reports an error."""
        head = self._reply.head
        if head.is_error:
            self._reply.body.close()
            error = reported_error(head.status, head.error_code, head.error_message)
            response = error_response(error, self._ids, _error_headers(head))
            return await response(scope, receive, send)
        failure = await self._send_object(send)
        # Once the status is sent, a failure can only truncate the body: the server closes the
        # connection, and the client notices the missing bytes.
        if failure is not None and not self._begun:
            await error_response(failure, self._ids)(scope, receive, send)
        return None

    async def _send_object(self, send: Send) -> S3Error | None:
        """Send the object; return the error that cut it short, or None."""
        try:
            await self._send_in_chunks(send)
        except TimeoutError:
            return timeout_error(self._timeout)
        except OSError as error:  # a full disk
            return S3Error(500, "InternalError", f"The object could not be buffered: {error}.")
        except ClientDisconnect:
            message = "The function ended before it had written the whole object."
            return S3Error(400, "ConnectionClosedByRequester", message)
        finally:
            self._reply.body.close()
        return None

    async def _send_in_chunks(self, send: Send) -> None:
        head, body = self._reply.head, self._reply.body.chunks()
        # The status waits for the first bytes: until then, a failure can still be reported.
        first = await anext(body, b"")
        self._begun = True
        ids = [(name.encode(), value.encode()) for name, value in self._ids.headers.items()]
        headers = [*head.headers, *ids]
        await send({"type": "http.response.start", "status": head.status, "headers": headers})
        async for chunk in _chain(first, body):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _error_headers(head: ReplyHead) -> dict[str, str]:
    """Return the headers that an error keeps, such as Content-Range, without those of a body."""
    return {
        name.decode(): value.decode("latin-1")
        for name, value in head.headers
        if name == b"content-range" or not name.startswith((b"content-", b"x-amz-checksum-"))
    }
