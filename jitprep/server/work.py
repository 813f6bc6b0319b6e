"""The worker's threads: many originals under way, one transform at a time, and a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from jitprep.server.exchange import Exchange
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed, out_of_time
from preprocessing.cancellation import Cancelled, Signal, cancellable

_T = TypeVar("_T")
# Most answers come sooner than this, and are not worth watching whether their client leaves.
_PATIENCE_S = 0.05
_COME_BACK_S = "1"


class ClientGone(Exception):
    """The client left before its answer was ready."""


class Work:
    """The threads that answer requests.

    Parameters
    ----------
    queue : int
        Requests that may be under way.
    most_held : int
        Bytes of answers that may be on their way to clients.

    Attributes
    ----------
    under_way : int
        Requests whose thread has not ended, those that were given up included.
    """

    def __init__(self, queue: int, most_held: int) -> None:
        self._queue, self._most_held = queue, most_held
        self._held = self._waiting = 0
        self._threads = ThreadPoolExecutor(queue, "request")
        self._freed = asyncio.Event()
        self.under_way = 0

    @property
    def is_full(self) -> bool:
        """Whether the queue is full, or the answers on their way hold all of their memory."""
        return self.under_way >= self._queue or self._held > self._most_held

    def require_room(self) -> None:
        """Raise RequestFailed, ``SlowDown``, where the queue is full."""
        if self.is_full:
            raise _slow_down()

    def require_waiting_room(self) -> None:
        """Raise RequestFailed, ``SlowDown``, where too many objects of batches wait already."""
        if self._waiting >= self._queue:
            raise _slow_down()

    async def run(self, work: Callable[[], _T], deadline: Deadline, exchange: Exchange) -> _T:
        """Return what `work` returns, if it ends in time and the client waits.

        Raises
        ------
        RequestFailed
            ``SlowDown``, before anything is done; ``DeadlineExceeded``.
        ClientGone
            Where the client left. `work` then ends at its next checkpoint, as it does without time.
        """
        self.require_room()
        signal = Signal(deadline.at)
        future = self._submit(work, signal)
        try:
            await asyncio.wait({future}, timeout=min(_PATIENCE_S, deadline.left))
            if not future.done():
                either: set[asyncio.Future[Any]] = {future, exchange.gone}
                await asyncio.wait(
                    either, timeout=deadline.left, return_when=asyncio.FIRST_COMPLETED
                )
            if future.done():
                return future.result()
            raise ClientGone if exchange.gone.done() else out_of_time()
        except Cancelled:
            raise out_of_time() from None
        finally:
            signal.cancel()

    async def run_when_free(
        self, work: Callable[[], _T], deadline: Deadline, exchange: Exchange
    ) -> _T:
        """Do what `run` does, once there is room."""
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline.left):
                while self.is_full:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            raise out_of_time() from None
        finally:
            self._waiting -= 1
        return await self.run(work, deadline, exchange)

    def _submit(self, work: Callable[[], _T], signal: Signal) -> asyncio.Future[_T]:
        def signalled() -> _T:
            with cancellable(signal):
                return work()

        self.under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, signalled)
        future.add_done_callback(self._end)
        return future

    def _end(self, future: asyncio.Future[_T]) -> None:
        self.under_way -= 1
        self._freed.set()
        if not future.cancelled():
            future.exception()  # retrieved, where nobody waits any more

    @contextmanager
    def hold(self, nbytes: int) -> Iterator[None]:
        """Count an answer as on its way in the block."""
        self._held += nbytes
        try:
            yield
        finally:
            self._held -= nbytes
            self._freed.set()

    def close(self) -> None:
        """End the threads that have nothing to do; the others end with their work."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _slow_down() -> RequestFailed:
    return RequestFailed(
        503,
        "SlowDown",
        "this worker has as many requests under way as it may; come back later, or run more workers",
        {"Retry-After": _COME_BACK_S},
    )
