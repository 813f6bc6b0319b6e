"""The process in which obstore can read: a fork takes its threads away.

obstore starts its threads at its first read, and cannot start others. In a process that was forked
from one that has read, every call would wait for threads that are not there, without an end.
"""

from __future__ import annotations

import os
from functools import cache

from jitprep.service.errors import RequestFailed


def obstore_is_here() -> bool:
    """Return whether obstore can read in this process."""
    return _first_reader() == os.getpid()


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
