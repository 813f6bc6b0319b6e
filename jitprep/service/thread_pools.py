"""Thread pools for batches: readers, which wait for S3, and one maker per vCPU, which computes.

They outlive requests, so that connections and the kernels' per-thread buffers are reused.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Lock
from typing import TYPE_CHECKING

from jitprep.service.cpus import granted_cpus
from jitprep.service.errors import out_of_time

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline

# Waiting for S3 takes about ten times as long as transforming what it sends.
_READERS_PER_CPU = 8


class ThreadPools:
    """The readers, and a maker for each vCPU."""

    def __init__(self) -> None:
        self.readers = ThreadPoolExecutor(readers(), "read")
        self.makers = ThreadPoolExecutor(makers(), "make")


_pools: list[ThreadPools] = []
_lock = Lock()


def thread_pools() -> ThreadPools:
    """Return this process's pools, which the first call creates."""
    with _lock:
        if not _pools:
            _pools.append(ThreadPools())
        return _pools[0]


def readers() -> int:
    """Return how many objects are read at the same time."""
    return _READERS_PER_CPU * granted_cpus()


def makers() -> int:
    """Return how many objects are transformed at the same time."""
    return granted_cpus()


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
