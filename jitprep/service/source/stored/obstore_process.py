"""The process in which obstore can read: a fork takes its threads away.

obstore starts its threads at its first call, and cannot start others. In a process that was forked
from one that has called it, every read would wait for threads that are not there, without an end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jitprep.service.errors import RequestFailed

# Where Linux names the threads of this process, and how obstore's are named. Other programs in Rust
# name theirs alike, so that a fork of a process that has those counts too.
_THREADS, _NAME = Path("/proc/self/task"), "tokio-"


class _Obstore:
    """Whether obstore's threads are of this process, or a fork took them away.

    Anybody's code may have started them. Where the system does not name threads, those are known that
    this library starts.
    """

    def __init__(self) -> None:
        self.started = self.taken = False
        os.register_at_fork(before=self._look, after_in_child=self._lose)

    def _look(self) -> None:
        if not self.started and "obstore" in sys.modules:
            self.started = any(map(_is_of_obstore, _threads()))

    def _lose(self) -> None:
        self.taken = self.taken or self.started


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


_obstore = _Obstore()


def obstore_is_here() -> bool:
    """Return whether obstore can read in this process, whose caller then does."""
    _obstore.started = True
    return not _obstore.taken


def require_obstore_here(place: str) -> None:
    """Raise RequestFailed, ``SourceRefused``, in a process in which obstore cannot read."""
    if not obstore_is_here():
        raise RequestFailed(
            403,
            "SourceRefused",
            f"{place} cannot be read in this process, which was forked from one that had read from a "
            "store; start processes by 'spawn' or 'forkserver', or read in the children only",
        )
