"""A response that a function streams, on its way from the Runtime API to the caller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from jitprep.emulator.workers.function import Died, Raised, StreamFailed, TimedOut

# Lambda's limits: bytes of one streamed response, and of its part that has no limit of speed.
LARGEST_STREAM = 200 * 1024 * 1024
_FULL_SPEED = 6 * 1024 * 1024


class ResponseStream:
    """Body of a streamed response: one chunk at a time, so that the function waits for the caller.

    The Runtime API puts chunks and ends the stream. The caller iterates over the chunks, and closes
    the stream. After that the rest is discarded: Lambda does not interrupt a function whose caller
    has left.
    """

    def __init__(self) -> None:
        self._chunk = b""
        self._failure: Raised | TimedOut | Died | None = None
        self._ended = self._closed = False
        self._readable, self._writable = asyncio.Event(), asyncio.Event()
        self._writable.set()

    @property
    def closed(self) -> bool:
        """Whether the caller has left."""
        return self._closed

    async def put(self, chunk: bytes) -> None:
        """Pass on a chunk, once the caller has taken the last one."""
        await self._writable.wait()
        if chunk and not self._closed and not self._ended:
            self._chunk = chunk
            self._writable.clear()
            self._readable.set()

    def end(self, failure: Raised | TimedOut | Died | None = None) -> None:
        """End the stream, with the reason if it is not complete. Only the first end counts."""
        if not self._ended:
            self._ended, self._failure = True, failure
            self._readable.set()
            self._writable.set()

    def close(self) -> None:
        """Discard the rest."""
        self._closed, self._chunk = True, b""
        self._writable.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        await self._readable.wait()
        if self._chunk:
            chunk, self._chunk = self._chunk, b""
            if not self._ended:
                self._readable.clear()
            self._writable.set()
            return chunk
        if self._failure is not None:
            raise StreamFailed(self._failure)
        raise StopAsyncIteration


@dataclass
class Bandwidth:
    """Lambda's limit on the speed of one streamed response: a token bucket.

    Parameters
    ----------
    rate
        Bytes per second after the first 6 MB; unlimited if None. Lambda's is 2 MB/s.
    clock
        The time in seconds.
    """

    rate: float | None
    clock: Callable[[], float] = time.monotonic
    _tokens: float = field(default=_FULL_SPEED, init=False)
    _at: float | None = field(default=None, init=False)

    def pause(self, size: int) -> float:
        """Return how many seconds to wait after ``size`` more bytes."""
        if self.rate is None:
            return 0.0
        now = self.clock()
        if self._at is not None:
            self._tokens = min(_FULL_SPEED, self._tokens + (now - self._at) * self.rate)
        self._at = now
        self._tokens -= size
        return max(0.0, -self._tokens / self.rate)
