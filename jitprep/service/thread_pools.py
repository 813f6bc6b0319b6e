"""Thread pools for batches: readers, which wait for S3, and one maker per vCPU, which computes.

They outlive requests, so that connections and the kernels' per-thread buffers are reused.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

# Waiting for S3 takes about ten times as long as transforming what it sends.
_READERS_PER_CPU = 8
_CGROUP = Path("/sys/fs/cgroup")


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


def granted_cpus() -> int:
    """Return the processors that ``JITPREP_CPUS``, or the affinity and the cgroup's quota, grant.

    A fraction of a processor counts as one: it would be idle otherwise.

    Raises
    ------
    ValueError
        Where ``JITPREP_CPUS`` is not a whole number above 0.
    """
    if text := os.environ.get("JITPREP_CPUS"):
        if not text.isdecimal() or not int(text):
            raise ValueError(f"JITPREP_CPUS must be a whole number above 0, got {text!r}")
        return int(text)
    own = getattr(os, "sched_getaffinity", None)
    usable = len(own(0)) if own else os.cpu_count() or 1
    quota = _quota()
    return usable if quota is None else max(min(usable, quota), 1)


def _quota() -> int | None:
    """Return the processors that the container's cgroup grants, version 2 or 1; None for any number."""
    words = _words(_CGROUP / "cpu.max")
    if not words:
        cpu = _CGROUP / "cpu"
        words = _words(cpu / "cpu.cfs_quota_us") + _words(cpu / "cpu.cfs_period_us")
    if len(words) != 2 or not all(word.isdecimal() for word in words):
        return None  # "max", or -1
    quota, period = map(int, words)
    return -(-quota // period) if period else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
