"""A body between the function that writes it and a reader who may be slower.

AWS gives each read an execution of its own. Here few workers serve all, so that none may wait
for a reader: what the function writes is taken at once, into memory and then into a file.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable

_IN_MEMORY = 1024 * 1024  # bytes of one body, before it goes to a file
_CHUNK = 64 * 1024
_ROOM = 4 * 1024**3


class ByteBudget:
    """The bytes that all bodies together may hold; whose writer finds none waits for readers.

    Parameters
    ----------
    size
        How many.
    """

    def __init__(self, size: int = _ROOM) -> None:
        self.held = 0
        self._size = size
        self._freed = asyncio.Event()

    async def take(self, size: int, may_wait: Callable[[], bool]) -> None:
        """Take so many bytes, after others have given some where it must be and may wait."""
        while self.held + size > self._size and may_wait():
            self._freed.clear()
            await self._freed.wait()
        self.held += size

    def give(self, size: int) -> None:
        """Give so many back."""
        self.held -= size
        self._freed.set()


class Spool:
    """One body, written once and read once.

    Parameters
    ----------
    room
        What all spools share.
    """

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - close() closes it
        self._written = self._read = 0
        self._changed = asyncio.Event()
        self._ended = self._closed = False
        self._failure: BaseException | None = None

    async def fill(self, body: AsyncIterator[bytes], timeout: float) -> None:
        """Take a body in, to its end or its failure; after `close`, for nobody.

        What ``body`` raises, and TimeoutError after ``timeout`` seconds, is raised here, and to
        the reader behind what came before.
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
        """Give the body as it comes. Raises what `fill` did."""
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
        """Drop what is held, and what still comes."""
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
        if not self._unread:  # a reader who keeps up needs no more than this
            self._file.seek(0)
            self._file.truncate()
            self._written = self._read = 0
        return chunk
