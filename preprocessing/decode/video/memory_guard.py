"""Bounds on the memory that FFmpeg may allocate, in case our own header checks miss something.

While FFmpeg opens a file, RLIMIT_DATA is lowered: an allocation beyond it fails, and the read ends with
LimitExceeded. The limit applies to the whole process, so it is lowered only for the milliseconds that
FFmpeg takes to read a header; another thread that allocates gigabytes in that time fails as well.
Platforms without this limit, such as macOS, rely on the header checks only. Memory that grows while the
rest of the file is read is measured as it is read (`Growth`).
"""

from __future__ import annotations

from contextlib import contextmanager
from mmap import PAGESIZE
from threading import Lock
from typing import TYPE_CHECKING

from preprocessing.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator

# proc(5): the second number in statm is the resident pages, the sixth those of data and stack.
_STATM, _RESIDENT, _DATA = "/proc/self/statm", 1, 5
# Reads between two measurements: a megabyte at 8 KiB each.
_READS = 128
_lock = Lock()
_granted: list[int] = []
_before = (0, 0)
_base = 0


@contextmanager
def bounded(memory: int) -> Iterator[None]:
    """Limit how much the process can grow within the block: by `memory` bytes for each open block."""
    held = _lower(memory)
    try:
        yield
    finally:
        if held:
            _raise_again(memory)


class Growth:
    """Growth of the process's memory since a file was opened.

    Parameters
    ----------
    memory : int
        Most bytes that it may grow by. The work of other threads counts as well.
    """

    def __init__(self, memory: int) -> None:
        self._most, self._reads = memory, 0
        self._base = _bytes(_RESIDENT)

    def require_bounded(self) -> None:
        """Raise LimitExceeded if the process grew too much; only every 128th call measures."""
        self._reads += 1
        if self._reads % _READS == 0 and _bytes(_RESIDENT) - self._base > self._most:
            raise LimitExceeded(
                f"reading the file took more than {self._most >> 20} MiB; if it is not damaged, give "
                "the process more memory (JITPREP_MEMORY)"
            )


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
    """Set the soft limit to `soft` bytes, or to a limit from before that is lower."""
    import resource  # noqa: PLC0415  as above

    known = [limit for limit in _before if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([soft, *known]), _before[1]))


def _bytes(number: int) -> int:
    """Return one of the numbers in statm, in bytes; 0 if the system does not have the file."""
    try:
        with open(_STATM, "rb") as file:  # noqa: PTH123  pathlib takes 4 ms to import
            return int(file.read().split()[number]) * PAGESIZE
    except OSError:
        return 0
