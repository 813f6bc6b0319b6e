"""Background writes of copies: one thread per process, and a bound on the bytes that wait for it.

A read never waits for a write. What does not fit is not written; a later read will try again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Lock

from jitprep.service.process.renewal import renewed_in_copies

_MOST_WAITING = 64 * 2**20


class CopyWriter:
    """The thread of this process, which the first write starts."""

    def __init__(self) -> None:
        self.renew()
        renewed_in_copies(self.renew)

    def renew(self) -> None:
        """Begin anew: the thread was not forked, and what waits is its parent's."""
        self._lock, self._waiting = Lock(), 0
        self._thread: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None

    def submit(self, nbytes: int, write: Callable[[], None]) -> bool:
        """Write soon; return False where too much waits already, or the process is ending."""
        with self._lock:
            if self._waiting + nbytes > _MOST_WAITING:
                return False
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "copies")
            with suppress(RuntimeError):
                self._last = self._thread.submit(self._run, nbytes, write)
                self._waiting += nbytes
                return True
        return False

    def finish(self, timeout_s: float) -> None:
        """Wait until all that was submitted is written, but not longer than this."""
        last = self._last
        if last is not None:
            wait((last,), timeout_s)

    def _run(self, nbytes: int, write: Callable[[], None]) -> None:
        try:
            write()
        finally:
            with self._lock:
                self._waiting -= nbytes


copy_writer = CopyWriter()
