"""Threads that outlive requests, so that connections and the kernels' buffers are reused.

A request has one. A batch has eight for each vCPU, since most of them wait for S3.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Condition, Lock, Thread
from typing import Any, Generic, TypeVar, cast

from preprocessing.available_memory import workers_here

_T = TypeVar("_T")

# Waiting for S3 takes about ten times as long as transforming what it sends.
_READERS_PER_CPU = 8
_CGROUP = Path("/sys/fs/cgroup")
# The most threads, including those whose work was given up and has not ended yet.
_MOST = 64


class HandedOver(Generic[_T]):
    """Work that one thread does and another waits for.

    A queue and a lock hand it over, for a third of the CPU that a future takes.

    Parameters
    ----------
    work : callable
    """

    __slots__ = ("_ended", "_error", "_result", "_work")

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._result: _T | None = None
        self._error: BaseException | None = None
        self._ended = Lock()
        self._ended.acquire()

    def do(self) -> None:
        """Do the work."""
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error

    def end(self) -> None:
        """Let the thread that waits continue."""
        self._ended.release()

    def ended(self, seconds: float) -> bool:
        """Wait so long at most; return whether the work has ended. May be called once."""
        return self._ended.acquire(timeout=seconds)

    def result(self) -> _T:
        """Return what the work returned, or raise what it raised."""
        error, self._error = self._error, None
        if error is None:
            return cast(_T, self._result)
        try:
            raise error
        finally:
            del error  # its traceback has this frame


class WorkThreads:
    """Threads that take work, as many as there was work at the same time."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[HandedOver[Any]]] = []
        self._made = 0
        self._changed = Condition()

    def start(self, job: HandedOver[Any], seconds: float) -> bool:
        """Start work in an idle thread; return False where none is free in time."""
        with self._changed:
            free = self._changed.wait_for(lambda: self._idle or self._made < _MOST, seconds)
            if not free:
                return False
            # The last one used: its buffers are the warmest.
            jobs = self._idle.pop() if self._idle else None
            self._made += jobs is None
        if jobs is None:
            jobs = SimpleQueue()
            Thread(target=self._serve, args=(jobs,), name="request", daemon=True).start()
        jobs.put(job)
        return True

    def _serve(self, jobs: SimpleQueue[HandedOver[Any]]) -> None:
        while True:
            job = jobs.get()
            job.do()
            with self._changed:
                self._idle.append(jobs)
                self._changed.notify()
            job.end()  # last, so that the next request finds this thread
            del job  # it has the result


_threads = WorkThreads()


def work_threads() -> WorkThreads:
    """Return this process's threads."""
    return _threads


def _forget_threads() -> None:
    """Begin anew in a forked process, which has none of its parent's threads."""
    global _threads  # noqa: PLW0603  of the process
    _threads = WorkThreads()


os.register_at_fork(after_in_child=_forget_threads)


def readers() -> int:
    """Return how many objects are read at the same time."""
    return _READERS_PER_CPU * granted_cpus()


def makers() -> int:
    """Return how many objects are transformed at the same time."""
    return granted_cpus()


def granted_cpus() -> int:
    """Return the processors that ``JITPREP_CPUS``, or the affinity and the cgroup's quota, grant.

    The workers of a multi-concurrent function share those of the environment equally. A fraction of a
    processor counts as one: it would be idle otherwise.

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
    granted = usable if quota is None else min(usable, quota)
    return max(granted // workers_here(), 1)


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
