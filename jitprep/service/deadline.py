"""Deadlines: when work must stop, and the threads in which it is stopped in time for an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition
from typing import TypeVar

from jitprep.service.errors import out_of_time
from preprocessing.cancellation import Cancelled, Signal, cancellable

_T = TypeVar("_T")

# S3 Object Lambda gives up on a function that has not answered in 60 seconds.
S3_CLIENT_TIMEOUT_S = 60.0
# Lambda itself, whose callers wait as long as the function may run.
LAMBDA_CLIENT_TIMEOUT_S = 900.0
# What is kept back for sending the answer: a fifth, for Lambda's default timeout is only 3 s.
_REPLY_S, _REPLY_SHARE = 3.0, 0.2


@dataclass(frozen=True, slots=True)
class Deadline:
    """When work must stop so that an answer can still go out.

    Parameters
    ----------
    at : float
        In seconds of `time.monotonic`.
    """

    at: float

    @classmethod
    def of(cls, remaining_ms: float, client_timeout_s: float = S3_CLIENT_TIMEOUT_S) -> Deadline:
        """Return the deadline of an invocation that Lambda ends in `remaining_ms`."""
        budget = min(client_timeout_s, remaining_ms / 1000)
        return cls(time.monotonic() + budget - min(_REPLY_S, _REPLY_SHARE * budget))

    @property
    def left(self) -> float:
        """Seconds left; never below zero."""
        return max(self.at - time.monotonic(), 0.0)

    def sooner(self, share: float) -> Deadline:
        """Return the deadline that leaves a share of the time that is left for what comes after it."""
        return Deadline(self.at - share * self.left)


# Most threads, those among them whose work was given up and has not ended yet.
_MOST = 64


class _Threads:
    """Threads that stay, so that the kernels' per-thread buffers do too; as many as work at once."""

    def __init__(self) -> None:
        self._idle: list[ThreadPoolExecutor] = []
        self._made = 0
        self._changed = Condition()

    def submit(self, work: Callable[[], _T], deadline: Deadline) -> Future[_T]:
        """Begin work in a thread that has none.

        Raises
        ------
        RequestFailed
            ``DeadlineExceeded`` where no thread is free in time.
        """
        thread = self._take(deadline)
        future = thread.submit(work)
        future.add_done_callback(lambda _: self._give(thread))
        return future

    def _take(self, deadline: Deadline) -> ThreadPoolExecutor:
        with self._changed:
            free = self._changed.wait_for(
                lambda: self._idle or self._made < _MOST, timeout=deadline.left
            )
            if not free:
                raise out_of_time()
            if self._idle:
                return self._idle.pop()  # the one that worked last: its buffers are the warmest
            self._made += 1
        return ThreadPoolExecutor(1, "request")

    def _give(self, thread: ThreadPoolExecutor) -> None:
        with self._changed:
            self._idle.append(thread)
            self._changed.notify()


_threads = _Threads()


def run(deadline: Deadline, work: Callable[[], _T]) -> _T:
    """Return what `work` returns. Safe to be called from many threads at once.

    Raises
    ------
    RequestFailed
        ``DeadlineExceeded`` where `work` takes longer. It then ends at its next checkpoint, and its
        thread is used again.
    """
    signal = Signal(deadline.at)

    def signalled() -> _T:
        with cancellable(signal):
            return work()

    future: Future[_T] = _threads.submit(signalled, deadline)
    try:
        return future.result(timeout=deadline.left)
    except TimeoutError:
        if future.done():  # just now, or with a TimeoutError of its own
            return future.result()
        raise out_of_time() from None
    except Cancelled:
        raise out_of_time() from None
    finally:
        signal.cancel()
