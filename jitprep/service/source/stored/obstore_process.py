"""The process in which obstore can read: a fork takes its threads away.

obstore starts its threads at its first call, and cannot start others. In a process that was forked
from one that has called it, every read would wait for threads that are not there, without an end.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from jitprep.service.errors import RequestFailed

# Where Linux names the threads of this process, and how obstore's are named. Other programs in Rust
# name theirs alike, so that a fork of a process that has those counts too.
_THREADS, _NAME = Path("/proc/self/task"), "tokio-"


class _Forks:
    """Whether a fork took threads of obstore away, which anybody's code may have started."""

    def __init__(self) -> None:
        self.taken = self._running = False
        os.register_at_fork(before=self._look, after_in_child=self._lose)

    def _look(self) -> None:
        self._running = "obstore" in sys.modules and any(map(_is_of_obstore, _threads()))

    def _lose(self) -> None:
        self.taken = self.taken or self._running


def _threads() -> list[Path]:
    try:
        return list(_THREADS.iterdir())
    except OSError:  # another system than Linux
        return []


def _is_of_obstore(thread: Path) -> bool:
    try:
        return (thread / "comm").read_text().startswith(_NAME)
    except OSError:  # it has ended
        return False


_forks = _Forks()


def obstore_is_here() -> bool:
    """Return whether obstore can read in this process."""
    return not _forks.taken and _first_reader() == os.getpid()


def require_obstore_here(place: str) -> None:
    """Raise RequestFailed, ``SourceRefused``, in a process in which obstore cannot read."""
    if not obstore_is_here():
        raise RequestFailed(
            403,
            "SourceRefused",
            f"{place} cannot be read in this process, which was forked from one that had read from a "
            "store; start processes by 'spawn' or 'forkserver', or read in the children only",
        )


@cache
def _first_reader() -> int:
    return os.getpid()
