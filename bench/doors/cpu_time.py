"""CPU time of processes, in rounds whose order is random. Waiting takes no CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, TypeVar

_Time = TypeVar("_Time")


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process so far, by its clock as in clock_getcpuclockid(3) on Linux."""
    return time.clock_gettime((~pid << 3) | 2)


def peak_bytes(pid: int) -> int:
    """Return the peak of a process's resident memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def in_rounds(
    ways: Mapping[str, Callable[[], Any]],
    clocks: Mapping[str, Callable[[], _Time]],
    rounds: int,
    count: int,
    *,
    warm: int = 2,
    check: Callable[[str, Any], object] = lambda _name, _made: None,
) -> dict[str, list[_Time]]:
    """Run each way once per round, and return the milliseconds per sample of each round, by its name.

    Other work on the machine then slows all ways alike.

    Parameters
    ----------
    ways : mapping of str to callable
    clocks : mapping of str to callable
        The clock of each way, in seconds: a number, or an array of several clocks.
    rounds : int
    count : int
        Samples that a way reads.
    warm : int
        Rounds before those that count. They import, connect and fill caches.
    check : callable, optional
        Called with the name and the result of each run, outside of the measured time.
    """
    random = Random(0)  # noqa: S311  an order for each round
    spent: dict[str, list[_Time]] = {name: [] for name in ways}
    for number in range(warm + rounds):
        for name in random.sample(list(ways), len(ways)):
            start: Any = clocks[name]()
            made = ways[name]()
            end: Any = clocks[name]()
            check(name, made)
            if number >= warm:
                spent[name].append((end - start) * 1000 / count)
    return spent
