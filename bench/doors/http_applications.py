"""The same small application for each interface: 150 kB that a thread hands over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_Messages = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A tensor of 3x224x224 bytes, with its head.
BODY = bytes(150_656)
_HEADERS = {"content-type": "application/x-npy", "content-length": str(len(BODY))}
_threads = ThreadPoolExecutor(64)


async def asgi(scope: MutableMapping[str, Any], receive: _Messages, send: _Send) -> None:
    """Answer by ASGI."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = await _body()
    headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def rsgi(scope: Any, protocol: Any) -> None:
    """Answer by RSGI, granian's own interface."""
    del scope
    protocol.response_bytes(200, list(_HEADERS.items()), await _body())


async def _body() -> bytes:
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: BODY)
