"""The worker's threads: many originals under way, one transform at a time, and a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from threading import Lock
from typing import Any, TypeVar, cast

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
    streams : int
        Answers that are made while they are sent. Each holds its source until its client has read it.
    """

    def __init__(self, queue: int, most_held: int) -> None:
        self._queue, self._most_held = queue, most_held
        self._held = self._waiting = self.streams = 0
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(queue, "request")
        self._freed = asyncio.Event()
        self.under_way = 0

    @property
    def may_go_ahead(self) -> bool:
        """Whether batches may make more than the objects that are to be sent next.

        They have half of the memory for it: the other half is for answers that clients wait for.
        """
        return self._held <= self._most_held // 2

    def require_room(self) -> None:
        """Raise RequestFailed, ``SlowDown``, where threads or memory for another answer are missing."""
        if self.under_way >= self._queue or self._held > self._most_held:
            raise _slow_down()

    def require_room_for_batch(self) -> None:
        """Raise RequestFailed, ``SlowDown``, where enough objects of batches wait, or memory is full."""
        if self._waiting >= self._queue or self._held > self._most_held:
            raise _slow_down()

    def require_room_for_stream(self) -> None:
        """Raise RequestFailed, ``SlowDown``, where as many answers are streamed as may wait."""
        if self.streams >= self._queue:
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
        return await self._run(work, deadline, exchange)

    async def _run(self, work: Callable[[], _T], deadline: Deadline, exchange: Exchange) -> _T:
        signal = Signal(deadline.at)
        answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        patience = answer.get_loop().call_later(
            min(_PATIENCE_S, deadline.left), self._watch, answer, deadline, exchange
        )
        self._submit(work, signal, answer)
        try:
            return await answer
        except Cancelled:
            raise out_of_time() from None
        finally:
            patience.cancel()
            signal.cancel()

    async def run_when_free(
        self, work: Callable[[], _T], deadline: Deadline, exchange: Exchange
    ) -> _T:
        """Do what `run` does, once a thread is free."""
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline.left):
                while self.under_way >= self._queue:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            raise out_of_time() from None
        finally:
            self._waiting -= 1
        return await self._run(work, deadline, exchange)

    def _watch(self, answer: asyncio.Future[Any], deadline: Deadline, exchange: Exchange) -> None:
        """Give up an answer that is not there in time, or whose client leaves."""

        def give_up(error: Exception) -> None:
            if not answer.done():
                answer.set_exception(error)

        def leave(_: asyncio.Future[None]) -> None:
            give_up(ClientGone())

        def forget(_: asyncio.Future[Any]) -> None:
            late.cancel()
            gone.remove_done_callback(leave)  # a batch has many answers, and one client

        late = answer.get_loop().call_later(deadline.left, lambda: give_up(out_of_time()))
        gone = exchange.gone
        gone.add_done_callback(leave)
        answer.add_done_callback(forget)

    def _submit(self, work: Callable[[], _T], signal: Signal, answer: asyncio.Future[_T]) -> None:
        """Start work in a thread.

        `loop.run_in_executor` does the same with one turn of the loop more, which is noticeable: between
        turns the loop and the thread contend for the interpreter.
        """
        loop = answer.get_loop()

        def run() -> None:
            try:
                with cancellable(signal):
                    end = partial(self._end, answer, work(), None)
            except BaseException as error:
                end = partial(self._end, answer, None, _raisable(error))
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(end)
            del end  # an error keeps this frame, which would keep the error

        self.under_way += 1
        self._threads.submit(run)

    def _end(
        self, answer: asyncio.Future[_T], result: _T | None, error: BaseException | None
    ) -> None:
        self.under_way -= 1
        self._freed.set()
        if answer.done():  # nobody waits any more
            return
        if error is None:
            answer.set_result(cast(_T, result))
        else:
            answer.set_exception(error)

    @contextmanager
    def hold(self, nbytes: int) -> Iterator[None]:
        """Count an answer as on its way in the block."""
        self.take(nbytes)
        try:
            yield
        finally:
            self.give(nbytes)

    def take(self, nbytes: int) -> None:
        """Count bytes of an answer as held. Thread-safe."""
        with self._lock:
            self._held += nbytes

    def give(self, nbytes: int) -> None:
        """Count bytes as held no longer. Thread-safe."""
        with self._lock:
            self._held -= nbytes

    def close(self) -> None:
        """End the threads that have nothing to do; the others end with their work."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _raisable(error: BaseException) -> Exception | Cancelled:
    """Return what fails the request and nothing else.

    asyncio ends its loop on SystemExit, takes its CancelledError for the task's own end, and cannot
    raise StopIteration. A panic in Rust is no `Exception` either.
    """
    if isinstance(error, Cancelled):
        return error
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)


def _slow_down() -> RequestFailed:
    return RequestFailed(
        503,
        "SlowDown",
        "this worker has as many requests under way as it may; come back later, or run more workers",
        {"Retry-After": _COME_BACK_S},
    )
