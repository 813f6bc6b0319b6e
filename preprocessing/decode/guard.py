"""A bound on the memory that opening a file may take, which holds whatever our own parsers overlook.

The kernel refuses more than the process may have (RLIMIT_DATA), FFmpeg's allocation fails, and the read
ends as one that ran out of memory. The limit is the process's, so that it is lowered only while FFmpeg
reads a header, some milliseconds: another thread that wants gigabytes in that moment gets MemoryError.
Where there is no such limit, as on macOS, our parsers alone hold.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# proc(5): the sixth number of statm is the pages of data and stack.
_STATM, _DATA = "/proc/self/statm", 5
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
                    _data(resource.getpagesize()),
                )
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


def _data(page: int) -> int:
    with open(_STATM, "rb") as file:  # noqa: PTH123  pathlib takes 4 ms to import
        return int(file.read().split()[_DATA]) * page
