"""Bounds on the memory that FFmpeg may take, which hold whatever our own parsers overlook.

As it opens a file, the kernel refuses more than the process may have (RLIMIT_DATA), FFmpeg's allocation
fails, and the read ends as one that ran out of memory. The limit is the process's, so that it is lowered
only while FFmpeg reads a header, some milliseconds: another thread that wants gigabytes in that moment
gets MemoryError.
Where there is no such limit, as on macOS, our parsers alone hold. What grows with what is read of a file
later is asked as it is read (`Growth`).
"""

from __future__ import annotations

from contextlib import contextmanager
from mmap import PAGESIZE
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# proc(5): of statm's numbers the second is the pages in memory, and the sixth those of data and stack.
_STATM, _RESIDENT, _DATA = "/proc/self/statm", 1, 5
# Reads between two looks at it: a megabyte of those of 8 KiB.
_READS = 128
_lock = Lock()
_granted: list[int] = []
_before = (0, 0)
_base = 0


@contextmanager
def bounded(memory: int) -> Iterator[None]:
    """Let the process have `memory` bytes more than it has now, and the same for each such block."""
    held = _lower(memory)
    try:
        yield
    finally:
        if held:
            _raise_again(memory)


class Growth:
    """How much the process has grown since a file was opened.

    Parameters
    ----------
    memory : int
        Most bytes that it may grow by; other threads' work counts as well.
    """

    def __init__(self, memory: int) -> None:
        self._most, self._reads = memory, 0
        self._base = _bytes(_RESIDENT)

    def require_bounded(self) -> None:
        """Raise MemoryError where it grew too much. Most calls cost next to nothing."""
        self._reads += 1
        if self._reads % _READS == 0 and _bytes(_RESIDENT) - self._base > self._most:
            raise MemoryError(f"reading the file took more than {self._most >> 20} MiB")


def _lower(memory: int) -> bool:
    global _base, _before
    try:
        import resource  # noqa: PLC0415  not on Windows
    except ImportError:
        return False
    with _lock:
        try:
            if not _granted:
                _before, _base = (
                    resource.getrlimit(resource.RLIMIT_DATA),
                    _bytes(_DATA),
                )
            if not _base:
                return False
            _set(_base + sum(_granted) + memory)
        except (OSError, ValueError):
            return False
        _granted.append(memory)
        return True


def _raise_again(memory: int) -> None:
    import resource  # noqa: PLC0415  as above

    with _lock:
        _granted.remove(memory)
        if _granted:
            _set(_base + sum(_granted))
        else:
            resource.setrlimit(resource.RLIMIT_DATA, _before)


def _set(soft: int) -> None:
    """Lower the limit, never below what others set, and never above."""
    import resource  # noqa: PLC0415  as above

    known = [limit for limit in _before if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([soft, *known]), _before[1]))


def _bytes(number: int) -> int:
    """Return one of statm's numbers, in bytes; 0 where there is none."""
    try:
        with open(_STATM, "rb") as file:  # noqa: PTH123  pathlib takes 4 ms to import
            return int(file.read().split()[number]) * PAGESIZE
    except OSError:
        return 0
