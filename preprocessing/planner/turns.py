"""Turns: as many threads transform at the same time as there are processors.

More would not end sooner. They would take processors from one another, also from the one that holds
Python's lock, for which all others then wait; and each would have its scratch memory in the caches.
"""

from __future__ import annotations

import os
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels import scratch

if TYPE_CHECKING:
    from types import TracebackType

    from preprocessing.kernels.scratch import Blocks
    from preprocessing.media import Content

# How long a thread waits for its turn before it goes ahead without. A step of a user's own may wait for
# other threads, which must not wait for its turn to end.
PATIENCE_S = 0.05


def processors() -> int:
    """Return how many processors this process may use."""
    own = getattr(os, "sched_getaffinity", None)
    return len(own(0)) if own else os.cpu_count() or 1


class Turns:
    """A number of turns, which threads take and give back.

    Parameters
    ----------
    number : int
    patience_s : float
        Seconds after which a thread goes ahead without a turn.
    """

    def __init__(self, number: int, patience_s: float = PATIENCE_S) -> None:
        self._free: SimpleQueue[None] = SimpleQueue()
        self._patience_s = patience_s
        for _ in range(number):
            self._free.put(None)

    def take(self) -> bool:
        """Wait for a turn; return False if none is free in time."""
        try:
            self._free.get(timeout=self._patience_s)
        except Empty:
            return False
        return True

    def give_back(self) -> None:
        """Give a turn back, to whichever thread comes first."""
        self._free.put(None)


class _Process:
    """The turns of this process."""

    turns = Turns(processors())


def _start_anew() -> None:
    """Forget the turns of the parent's threads, which do not exist in a forked process."""
    _Process.turns = Turns(processors())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


class TransformTurn:
    """A context in which this thread transforms, in scratch memory that the next turn reuses.

    There is no turn in another one, nor for content that is read while it is transformed: a thread that
    waits for a network keeps no processor busy.
    """

    __slots__ = ("_needed", "_own", "_turns")

    def __init__(self, content: Content) -> None:
        self._needed = isinstance(content, bytes | np.ndarray)
        self._own: Blocks | None = None
        self._turns: Turns | None = None

    def __enter__(self) -> None:
        if self._needed and not scratch.is_borrowed():
            turns = _Process.turns
            self._turns = turns if turns.take() else None
            self._own = scratch.borrow_scratch()

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._own is not None:
            scratch.return_scratch(self._own)
        if self._turns is not None:
            self._turns.give_back()
