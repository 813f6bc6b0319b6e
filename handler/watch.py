"""Work that may overrun: it is given up in time for an answer to go out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from handler.errors import out_of_time
from handler.exchange import Deadline

T = TypeVar("T")

# One thread that stays, so that the kernels' per-thread buffers do too.
_workers: list[ThreadPoolExecutor] = []


def within(deadline: Deadline, work: Callable[[], T]) -> T:
    """Return what `work` returns.

    Raises
    ------
    RequestFailed
        ``DeadlineExceeded`` where `work` takes longer. It cannot be stopped, so it is left to end in
        its own thread, and the next request gets a new one.
    """
    if not _workers:
        _workers.append(ThreadPoolExecutor(1, "request"))
    future = _workers[0].submit(work)
    try:
        return future.result(timeout=deadline.left)
    except TimeoutError:
        if future.done():  # the work's own TimeoutError
            raise
        _workers.pop().shutdown(wait=False)
        raise out_of_time() from None
