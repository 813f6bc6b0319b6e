"""Buffer between a function that writes a body and a client that may read it slowly.

On AWS each read has its own execution. Here few workers serve all reads, so none may wait for a
client: the body is buffered as it is written, in memory and then in a file.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable

_IN_MEMORY = 1024 * 1024  # bytes of one body, before it moves to a file
_CHUNK = 64 * 1024
_ROOM = 4 * 1024**3


class ByteBudget:
    """Limit on the bytes that all bodies hold together; over it, writers wait for readers.

    Parameters
    ----------
    size
        The limit, in bytes.
    """

    def __init__(self, size: int = _ROOM) -> None:
        self.held = 0
        self._size = size
        self._freed = asyncio.Event()

    async def take(self, size: int, may_wait: Callable[[], bool]) -> None:
        """Reserve ``size`` bytes; while there are too few, wait as long as ``may_wait()`` holds."""
        while self.held + size > self._size and may_wait():
            self._freed.clear()
            await self._freed.wait()
        self.held += size

    def give(self, size: int) -> None:
        """Release ``size`` bytes."""
        self.held -= size
        self._freed.set()


class Spool:
    """Buffer of one body, which is written once and read once.

    Parameters
    ----------
    budget
        The limit that all spools share.
    """

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - close() closes it
        self._written = self._read = 0
        self._changed = asyncio.Event()
        self._ended = self._closed = False
        self._failure: BaseException | None = None

    async def fill(self, body: AsyncIterator[bytes], timeout: float) -> None:
        """Buffer a body to its end, or to its failure; after `close`, discard it.

        An error of ``body``, or TimeoutError after ``timeout`` seconds, is raised here and, after
        the bytes before it, to the reader.
        """
        try:
            async with asyncio.timeout(timeout):
                async for chunk in body:
                    await self._budget.take(
                        len(chunk), lambda: self._unread > 0 and not self._closed
                    )
                    self._add(chunk)
        except asyncio.CancelledError:
            self._failure = TimeoutError()
            raise
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._ended = True
            self._changed.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raises the error that `fill` raised."""
        while True:
            if self._unread:
                yield self._next()
            elif self._failure is not None:
                raise self._failure
            elif self._ended:
                return
            else:
                self._changed.clear()
                await self._changed.wait()

    def close(self) -> None:
        """Discard the buffered bytes, and those that still arrive."""
        if not self._closed:
            self._closed = True
            self._budget.give(self._unread)
            self._file.close()

    @property
    def _unread(self) -> int:
        return self._written - self._read

    def _add(self, chunk: bytes) -> None:
        if self._closed:
            self._budget.give(len(chunk))
            return
        self._file.seek(self._written)
        self._file.write(chunk)
        self._written += len(chunk)
        self._changed.set()

    def _next(self) -> bytes:
        self._file.seek(self._read)
        chunk = self._file.read(min(_CHUNK, self._unread))
        self._read += len(chunk)
        self._budget.give(len(chunk))
        if not self._unread:  # everything is read, so the space can be reused
            self._file.seek(0)
            self._file.truncate()
            self._written = self._read = 0
        return chunk
