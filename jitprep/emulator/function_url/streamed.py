"""Converts what a function streams for a request to its URL to an HTTP response."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from starlette.responses import Response

from jitprep.emulator.function_url.reply import FunctionUrlHead, InvalidReply, reply_head
from jitprep.emulator.workers.function import Streamed, StreamedBody
from jitprep.emulator.workers.streams.streamed_response import StreamedResponse

INTEGRATION = "application/vnd.awslambda.http-integration-response"
_SEPARATOR = bytes(8)
# API Gateway's limit, the only one of the prelude that AWS's pages name.
_LARGEST_PRELUDE = 16 * 1024
_NO_PRELUDE = f"it has no eight NUL bytes after a prelude of at most {_LARGEST_PRELUDE} bytes"


async def streamed_reply(streamed: Streamed, method: str) -> Response:
    """Return the response that a function streams, once its head is known.

    Without AWS's content type of HTTP responses, all that it streams is the body.

    Raises
    ------
    InvalidReply
        If Lambda would answer 502.
    StreamFailed
        If the function failed before that.
    """
    rest = streamed.body
    try:
        if streamed.content_type != INTEGRATION:
            head, first = FunctionUrlHead(200, {"content-type": streamed.content_type}), b""
        else:
            prelude, first = await _split(rest)
            head = reply_head(_parsed(prelude), method)
    except BaseException:
        rest.close()
        raise
    answer = StreamedResponse(head.status, head.headers, _chain(first, rest), rest)
    return head.with_cookies(answer)


def buffered_reply(payload: bytes, method: str) -> Response:
    """Return the response that a function streamed, once all of it has arrived.

    Raises
    ------
    InvalidReply
        If Lambda would answer 502.
    """
    prelude, separator, body = payload.partition(_SEPARATOR)
    if not separator or len(prelude) > _LARGEST_PRELUDE:
        raise InvalidReply(_NO_PRELUDE)
    head = reply_head(_parsed(prelude), method)
    return head.with_cookies(Response(body, head.status, head.headers))


async def _split(body: StreamedBody) -> tuple[bytes, bytes]:
    """Return the prelude, and what has arrived after it."""
    received = b""
    async for chunk in body:
        received += chunk
        prelude, separator, first = received.partition(_SEPARATOR)
        # Without a separator, a part of it may be at the end of what has arrived.
        if len(prelude) > _LARGEST_PRELUDE + (0 if separator else len(_SEPARATOR)):
            break
        if separator:
            return prelude, first
    raise InvalidReply(_NO_PRELUDE)


def _parsed(prelude: bytes) -> dict[str, object]:
    try:
        value = json.loads(prelude)
    except (ValueError, RecursionError) as error:
        raise InvalidReply(f"its prelude is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise InvalidReply("its prelude is not an object")
    return value


async def _chain(first: bytes, rest: StreamedBody) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk
