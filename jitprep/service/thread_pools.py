"""The threads that work on a batch: some wait for S3, and one computes on each vCPU.

They stay between requests, so that connections and the kernels' per-thread buffers do too.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Lock
from typing import TYPE_CHECKING

from jitprep.service.errors import out_of_time

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline

# Waiting for S3 takes some ten times as long as computing what came.
_READERS_PER_CPU = 8


class ThreadPools:
    """Readers, and a maker for each vCPU."""

    def __init__(self) -> None:
        self.readers = ThreadPoolExecutor(readers(), "read")
        self.makers = ThreadPoolExecutor(makers(), "make")


_crews: list[ThreadPools] = []
_lock = Lock()


def thread_pools() -> ThreadPools:
    """Return the crew, which is made when first asked for."""
    with _lock:
        if not _crews:
            _crews.append(ThreadPools())
        return _crews[0]


def readers() -> int:
    """Return how many objects are read at once."""
    return _READERS_PER_CPU * _cpus()


def makers() -> int:
    """Return how many objects are transformed at once."""
    return _cpus()


def _cpus() -> int:
    """Return how many vCPUs this process may run on; not every system tells."""
    own = getattr(os, "sched_getaffinity", None)
    return len(own(0)) if own else os.cpu_count() or 1


class Budget:
    """So many bytes of originals are in memory at once, and no more: as many as one may have.

    Parameters
    ----------
    limit : int
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._changed = Condition()

    def take(self, wanted: int, deadline: Deadline) -> None:
        """Wait until so many are free.

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
        """Give back what was taken."""
        with self._changed:
            self._left += taken
            self._changed.notify_all()
