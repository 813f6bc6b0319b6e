"""Responses as HTTP sends them: S3's headers, its error document, and the body in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from jitprep.server.exchange import Exchange, Send
from jitprep.server.work import ClientGone
from jitprep.service.http import s3_reads
from jitprep.service.messages import Response

# A client that takes no piece for this long is cut off: what it has not read stays in memory.
_STALL_S = 30.0
# Of a stream only a piece stays in memory, and a training job that reads it may pause for an evaluation.
_STREAM_STALL_S = 900.0
_PIECE = 256 * 2**10
_XML = "application/xml"
# By this clients tell the server from a bucket or a function, which have no batches.
_TAKES_BATCHES = (b"x-jitprep-batch", b"1")


async def send_response(send: Send, exchange: Exchange, response: Response) -> int:
    """Send a response; return the bytes of its body.

    Raises
    ------
    TimeoutError
        Where the client reads nothing.
    """
    headers, body = dict(response.headers), response.whole_body
    if response.error_code is not None:
        headers["Content-Type"] = _XML
        body = s3_reads.error_document(response, exchange.request_id)
    if response.status == 405:
        headers.setdefault("Allow", ", ".join(s3_reads.METHODS))
    # The next connection may be another worker's.
    if response.status == 503 or exchange.withholds_body:
        headers["Connection"] = "close"
    if response.status != 304:
        headers.setdefault("Content-Length", str(len(body)))
    if exchange.head.method == "HEAD" or response.status == 304:
        body = b""
    await send_head(send, exchange, response.status, headers)
    await send_pieces(send, body)
    return len(body)


async def send_stream(
    send: Send, exchange: Exchange, response: Response, take: Callable[[], Awaitable[bytes | None]]
) -> None:
    """Send a response whose body is taken piece by piece; what `take` raises leaves it unended.

    Raises
    ------
    TimeoutError
        Where the client reads nothing.
    """
    await send_head(send, exchange, response.status, response.headers)
    while (piece := await take()) is not None:
        async with asyncio.timeout(_STREAM_STALL_S):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        # What is sent to a client that left is dropped without a word.
        if exchange.gone.done():
            raise ClientGone
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def send_head(
    send: Send, exchange: Exchange, status: int, headers: Mapping[str, str]
) -> None:
    """Send the status and the headers, with the IDs that the log has."""
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    sent += [(b"x-amz-request-id", exchange.request_id.encode()), _TAKES_BATCHES]
    if "traceparent" in exchange.headers:
        sent.append((b"traceparent", exchange.headers["traceparent"].encode()))
    await send({"type": "http.response.start", "status": status, "headers": sent})


async def send_pieces(send: Send, body: bytes | bytearray, *, more: bool = False) -> None:
    """Send a body, or a part of one where more follows."""
    view = memoryview(body)
    for start in range(0, max(len(body), 1), _PIECE):
        piece = bytes(view[start : start + _PIECE]) if len(body) > _PIECE else body
        last = start + _PIECE >= len(body) and not more
        async with asyncio.timeout(_STALL_S):
            await send({"type": "http.response.body", "body": piece, "more_body": not last})
