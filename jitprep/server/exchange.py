"""One HTTP request as ASGI brings it: its head, its body, and whether its client has left."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jitprep.service.errors import RequestFailed
from jitprep.sigv4.request_head import RequestHead

AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# W3C Trace Context: version, trace ID, parent ID, flags.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")
# Of a path and headers together. S3's headers have at most 8 KiB, and a presigned URL rarely 4.
_LARGEST_HEAD = 64 * 2**10


class BoundedHttp(HttpToolsProtocol):
    """A connection that ends where a head is too large.

    The parser keeps whatever comes, and joins it anew with each piece, which takes longer and longer.
    """

    _in_head = False
    _heads = _head_bytes = 0

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_head, self._heads, self._head_bytes = True, self._heads + 1, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count no more: what follows is a body, which has its own limit."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and refuse a head that is still not complete."""
        heads = self._heads
        super().data_received(data)
        if self._in_head and heads == self._heads:
            self._head_bytes += len(data)
            if self._head_bytes > _LARGEST_HEAD and not self.transport.is_closing():
                self.send_400_response(f"The path and the headers may have {_LARGEST_HEAD} bytes.")


class Exchange:
    """A request, and the IDs that it has in the log.

    Attributes
    ----------
    head : RequestHead
    headers : dict of str to str
        The request's, names in lower case; the first of those that share a name.
    request_id : str
    takes_chunks : bool
        Whether its version of HTTP has bodies of unknown length.
    trace_id : str
        The client's, from ``traceparent``, or a new one.
    """

    def __init__(self, scope: AsgiScope, receive: Receive) -> None:
        self._receive = receive
        self._received = False
        self._watcher: asyncio.Future[None] | None = None
        pairs = [(name.decode("latin-1"), _text(value)) for name, value in scope["headers"]]
        self.head = RequestHead(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            pairs,
        )
        self.headers = dict(reversed(pairs))
        self.takes_chunks: bool = scope.get("http_version") != "1.0"
        self.request_id = secrets.token_hex(8).upper()
        found = _TRACEPARENT.fullmatch(self.headers.get("traceparent", ""))
        self.trace_id = found["trace"] if found else secrets.token_hex(16)

    async def body(self, most: int) -> bytes:
        """Read the body.

        Raises
        ------
        RequestFailed
            ``EntityTooLarge`` for more than `most` bytes; ``RequestTimeout`` where the client leaves.
        """
        chunks, total = [], 0
        self._received = True
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise RequestFailed(400, "RequestTimeout", "the body did not arrive")
            chunks.append(message.get("body", b""))
            total += len(chunks[-1])
            if total > most:
                raise RequestFailed(
                    400,
                    "EntityTooLarge",
                    f"the body may have at most {most} bytes; send less at a time",
                )
            if not message.get("more_body"):
                return b"".join(chunks)

    @property
    def withholds_body(self) -> bool:
        """Whether the client waits for permission to send its body, and has none.

        It will not send the body once it has the answer, and what it sends next would be taken for it.
        """
        return not self._received and self.headers.get("expect", "").lower() == "100-continue"

    @property
    def gone(self) -> asyncio.Future[None]:
        """Done once the client has left. Only after the body is read."""
        if self._watcher is None:
            self._watcher = asyncio.ensure_future(self._watch())
        return self._watcher

    def close(self) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self) -> None:
        self._received = True
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _text(value: bytes) -> str:
    """Decode a header as its client encoded it: http.client sends Latin-1, most others UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
