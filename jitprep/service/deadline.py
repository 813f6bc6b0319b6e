"""Deadlines, and what work waits for within them: a thread, its turn, and room in memory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Condition, Lock
from typing import TypeVar

from jitprep.service.config import config
from jitprep.service.errors import out_of_time
from jitprep.service.process.renewal import renewed_in_copies
from jitprep.service.thread_pools import HandedOver, granted_cpus, work_threads
from preprocessing.cancellation import Cancelled, Signal, cancellable
from preprocessing.frozen import frozen
from preprocessing.kernels.scratch import lent_scratch

_T = TypeVar("_T")

# S3 Object Lambda waits 60 seconds for a function.
S3_CLIENT_TIMEOUT_S = 60.0
# Direct callers of Lambda wait as long as a function may run.
LAMBDA_CLIENT_TIMEOUT_S = 900.0
# The time that is reserved for sending the answer: 3 s, but at most a fifth, since Lambda's default
# timeout is only 3 s.
_REPLY_S, _REPLY_SHARE = 3.0, 0.2


@frozen
class Deadline:
    """The moment when work must stop so that an answer can still be sent.

    Parameters
    ----------
    at : float
        In seconds of `time.monotonic`.
    """

    at: float

    @classmethod
    def of(cls, remaining_ms: float, client_timeout_s: float = S3_CLIENT_TIMEOUT_S) -> Deadline:
        """Return the deadline of an invocation that Lambda ends in `remaining_ms` milliseconds."""
        budget = min(client_timeout_s, remaining_ms / 1000)
        return cls(time.monotonic() + budget - min(_REPLY_S, _REPLY_SHARE * budget))

    @property
    def left(self) -> float:
        """Seconds left; 0 after the deadline."""
        return max(self.at - time.monotonic(), 0.0)

    def sooner(self, share: float) -> Deadline:
        """Return an earlier deadline that leaves `share` of the remaining time for later work."""
        return Deadline(self.at - share * self.left)


class RenewableDeadline(Deadline):
    """The deadline of each piece of a stream in turn: the time in which the client reads is not counted.

    Parameters
    ----------
    seconds : float
        For each piece.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(time.monotonic() + seconds)
        object.__setattr__(self, "_seconds", seconds)

    def renew(self) -> None:
        """Begin with the next piece."""
        object.__setattr__(self, "at", time.monotonic() + self._seconds)

    _seconds: float


def run_within(deadline: Deadline, work: Callable[[], _T]) -> _T:
    """Return what `work` returns, if it ends in time. Thread-safe.

    It runs in a thread of its own, because C code that hangs cannot be stopped, only left behind: the
    answer must be sent all the same.

    Raises
    ------
    RequestFailed
        ``DeadlineExceeded`` where `work` takes longer. It then ends at its next checkpoint, and its
        thread is reused.
    """
    signal = Signal(deadline.at)

    def signalled() -> _T:
        with cancellable(signal):
            return work()

    job = HandedOver(signalled)
    try:
        if not (work_threads().start(job, deadline.left) and job.ended(deadline.left)):
            raise out_of_time()
        return job.result()
    except Cancelled:
        raise out_of_time() from None
    finally:
        signal.cancel()


class _Turns:
    """A semaphore that is first come, first served.

    Those of `threading` are not: a thread that comes at the right moment overtakes all that wait, and
    under load some wait for many seconds while others do not.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[Lock] = deque()
        self._lock = Lock()

    def acquire(self, timeout: float) -> bool:
        """Take a turn; return False where none comes in time."""
        mine = Lock()
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._lock:
            if mine not in self._waiting:  # given at the last moment
                return True
            self._waiting.remove(mine)
            return False

    def release(self) -> None:
        """Give the turn to the first that waits."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


@cache
def _turns() -> _Turns:
    return _Turns(granted_cpus())


# In a forked process nobody would give back what threads of its parent have taken.
renewed_in_copies(_turns.cache_clear)


@contextmanager
def transform_turn(deadline: Deadline) -> Iterator[None]:
    """Wait until fewer objects than there are processors are transformed, and be one of them.

    More at once would not end sooner: they would only be in memory at the same time.

    Raises
    ------
    RequestFailed
        ``DeadlineExceeded``.
    """
    turns = _turns()
    if not turns.acquire(timeout=deadline.left):
        raise out_of_time()
    try:
        with lent_scratch():
            yield
    finally:
        turns.release()


class Budget:
    """A limit on the bytes of originals that are in memory at the same time.

    Parameters
    ----------
    limit : int
        In bytes; the largest single original must fit.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._changed = Condition()

    def take(self, wanted: int, deadline: Deadline) -> None:
        """Wait until `wanted` bytes are free, and take them.

        Raises
        ------
        RequestFailed
            ``DeadlineExceeded``.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: wanted <= self._left, deadline.left):
                raise out_of_time()
            self._left -= wanted

    def give(self, taken: int) -> None:
        """Give bytes back."""
        with self._changed:
            self._left += taken
            self._changed.notify_all()


@cache
def original_room() -> Budget:
    """Return this process's limit on originals that wait to be transformed: half of its memory."""
    return Budget(config().policy.limits.memory // 2)


renewed_in_copies(original_room.cache_clear)  # for the same reason as the turns


@contextmanager
def room_for_original(nbytes: int, deadline: Deadline) -> Iterator[None]:
    """Wait until an original fits beside those that other threads have read, and hold its room.

    Raises
    ------
    RequestFailed
        ``DeadlineExceeded``.
    """
    room = original_room()
    room.take(nbytes, deadline)
    try:
        yield
    finally:
        room.give(nbytes)
