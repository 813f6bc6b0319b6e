"""The workers' processes: their memory, their end, and how they are killed."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY_S = 0.2
# A share of the largest worker's memory. A smaller worker is still importing and has no request to lose.
_STARTED = 0.8
_QUARTERS = 4


@dataclass(frozen=True)
class Memory:
    """Resident memory of the workers over some time, in bytes.

    Parameters
    ----------
    peak
        The most that a worker used.
    growth
        How much a worker grew steadily: three times the smallest increase between the medians of
        consecutive quarters. A leak raises every quarter. One large image raises only one, because the
        allocator keeps a bounded amount. The largest value of all workers; None if none lived through.
    """

    peak: int
    growth: int | None


class Workers:
    """Processes that this process or another one started, sampled inside the context.

    Parameters
    ----------
    runs
        What the command line of a worker contains.
    parent
        The process that starts them; None for this one.
    """

    def __init__(self, runs: bytes = b"awslambdaric", parent: int | None = None) -> None:
        self._runs, self._parent = runs, parent
        self.seen: set[int] = set()
        self.killed: set[int] = set()
        self._samples: list[tuple[float, dict[int, int]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def kill_one(self, random: Random, started_share: float = _STARTED, least: int = 1) -> None:
        """Kill one of those that have a share of the largest one's memory, with SIGKILL.

        Nothing is done where there are fewer than ``least`` of them.
        """
        sizes = self._resident()
        peak = self.memory(0.0).peak
        started = sorted(pid for pid, size in sizes.items() if size > started_share * peak)
        if len(started) >= least:
            pid = random.choice(started)
            self.killed.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def descriptors(self) -> dict[int, int]:
        """Return the number of open files and sockets of each live worker by process ID."""
        found = {}
        for pid in self._resident():
            with suppress(OSError):  # the process has just ended
                found[pid] = len(list((_PROC / str(pid) / "fd").iterdir()))
        return found

    @property
    def lost(self) -> int:
        """The number of workers that ended without being killed."""
        return len(self.seen - self.killed - self._resident().keys())

    def memory(self, since: float) -> Memory:
        """Return their memory since a time of `time.monotonic`."""
        return measure([sizes for at, sizes in self._samples if at >= since])

    def _watch(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._samples.append((time.monotonic(), self._resident()))

    def _resident(self) -> dict[int, int]:
        """Return the resident memory of each live worker by process ID."""
        children = _children(self._parent) - self.seen
        self.seen |= {pid for pid in children if _resident(pid, self._runs)}
        # Another program, even another soak's worker, may have got the ID of a worker that ended.
        parent = self._parent or os.getpid()
        ours = (pid for pid in self.seen if _parent_of(pid) == parent)
        return {pid: size for pid in ours if (size := _resident(pid, self._runs))}


def running_child(runs: bytes) -> int:
    """Return the child of this process whose command line contains ``runs``, once it is there."""
    while True:
        for pid in _children(None):
            if _resident(pid, runs):
                return pid
        time.sleep(_EVERY_S)


def measure(samples: list[dict[int, int]]) -> Memory:
    """Return the peak and the growth of sampled sizes by process ID."""
    by_process: dict[int, list[int]] = defaultdict(list)
    for sizes in samples:
        for pid, size in sizes.items():
            by_process[pid].append(size)
    peak = max((max(sizes) for sizes in by_process.values()), default=0)
    growths = [
        _growth(sizes)
        for sizes in by_process.values()
        if len(samples) >= _QUARTERS and len(sizes) == len(samples)
    ]
    return Memory(peak, int(max(growths)) if growths else None)


def _growth(sizes: list[int]) -> float:
    quarter = len(sizes) // _QUARTERS
    medians = [statistics.median(sizes[quarter * i : quarter * (i + 1)]) for i in range(_QUARTERS)]
    return (_QUARTERS - 1) * min(later - before for before, later in pairwise(medians))


def _resident(pid: int, runs: bytes) -> int:
    """Return the resident memory of a worker; 0 if the process has ended or is another program."""
    process = _PROC / str(pid)
    try:
        if runs not in (process / "cmdline").read_bytes():
            return 0
        return int((process / "statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _parent_of(pid: int) -> int | None:
    """Return the ID of a process's parent; None if the process has ended."""
    try:
        return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _children(parent: int | None) -> set[int]:
    pids: set[int] = set()
    threads = _PROC / str(parent or "self") / "task"
    for task in threads.iterdir() if threads.exists() else ():
        with suppress(OSError):  # the process has just ended
            pids.update(int(pid) for pid in (task / "children").read_text().split())
    return pids
