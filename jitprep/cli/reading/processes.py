"""CPU time of processes, and the time that they waited for a CPU, as Linux counts both."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class CpuUse(NamedTuple):
    """CPU time of processes since they began.

    Parameters
    ----------
    cpu_s : float
        Seconds on a CPU.
    queued_s : float
        Seconds that threads were ready to run and had no CPU; 0 where the kernel does not count them.
    """

    cpu_s: float
    queued_s: float

    def since(self, before: CpuUse) -> CpuUse:
        """Return what came after `before`."""
        return CpuUse(self.cpu_s - before.cpu_s, self.queued_s - before.queued_s)


def counts_processes() -> bool:
    """Return whether this system counts, as Linux does."""
    return (_PROC / "self/stat").exists()


def cpu_use(processes: Iterable[int]) -> CpuUse:
    """Return the CPU use of running processes. Raises OSError where one has ended."""
    cpu = queued = 0.0
    for process in processes:
        # The second field is a name in parentheses, which may hold anything.
        stat = (_PROC / f"{process}/stat").read_text().rpartition(")")[2].split()
        ticks = (int(stat[11]) + int(stat[12])) / _TICKS_PER_S
        threads = [_scheduled(thread) for thread in (_PROC / f"{process}/task").iterdir()]
        # Ticks are of 10 ms. Threads count nanoseconds, which are lost when they end.
        cpu += max(ticks, sum(thread.cpu_s for thread in threads))
        queued += sum(thread.queued_s for thread in threads)
    return CpuUse(cpu, queued)


def _scheduled(thread: Path) -> CpuUse:
    try:
        cpu, queued, _ = (thread / "schedstat").read_text().split()
        return CpuUse(int(cpu) / 1e9, int(queued) / 1e9)
    except FileNotFoundError:  # a thread that has ended, or a kernel that does not count
        return CpuUse(0.0, 0.0)
