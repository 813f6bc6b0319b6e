"""The HTTP response that sends what a function streams, as it arrives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from jitprep.emulator.workers.function import StreamedBody, StreamFailed

_log = logging.getLogger(__name__)
_BODILESS = frozenset({204, 304})


class StreamedResponse(Response):
    """Sends a body chunk by chunk, and closes its stream.

    Once the status is sent, a failure can only break off the connection, which the client notices.

    Parameters
    ----------
    status, headers
        Its head.
    chunks
        Its body.
    stream
        The stream that ``chunks`` come from.
    media_type
        The Content-Type, unless ``headers`` has one.
    """

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        chunks: AsyncIterator[bytes],
        stream: StreamedBody,
        media_type: str | None = None,
    ) -> None:
        super().__init__(None, status, headers, media_type)
        if "content-length" not in headers:
            del self.headers["content-length"]
        self._chunks = chunks
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, until its end or until the client leaves."""
        bodiless = scope["method"] == "HEAD" or self.status_code in _BODILESS
        sending = asyncio.ensure_future(self._send(send, bodiless))
        left = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, left}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        except StreamFailed as failed:
            _log.warning("a function failed while it streamed its response: %s", failed)
        finally:
            self._stream.close()
            sending.cancel()
            left.cancel()

    async def _send(self, send: Send, bodiless: bool) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        if not bodiless:
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})


async def _left(receive: Receive) -> None:
    """Return when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
