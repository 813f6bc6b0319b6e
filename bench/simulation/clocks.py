"""The CPU clocks of other processes, their threads included, on Linux."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path


class Clocks:
    """The CPU clocks of some processes.

    Parameters
    ----------
    pids : iterable of int
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._ids = [(~pid << 3) | 2 for pid in pids]  # as in clock_getcpuclockid(3)

    def read(self) -> tuple[float, ...]:
        """Return the CPU seconds of each process so far."""
        return tuple(time.clock_gettime(number) for number in self._ids)


def busy_s() -> float:
    """Return the seconds that all processors of this machine have been busy since it started.

    Time that the hypervisor took for others counts.
    """
    user, nice, system, _, _, irq, soft, steal = (
        int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + soft + steal) / 100
