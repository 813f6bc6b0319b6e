"""Cancellation: the signal that every loop which may last asks.

Python cannot stop a thread from outside. To give work up, set its signal: the work looks at it between
frames, rows, strips, packets and steps. C code never looks at it, so each call is bounded beforehand.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cancelled(BaseException):
    """The work was given up.

    Not an `Exception`, as `asyncio.CancelledError` is not: code that turns whatever a decoder raises
    into "the file is damaged" must let it pass.
    """


class Signal:
    """Whether work should stop: because somebody said so, or because its time is over.

    Parameters
    ----------
    at : float, optional
        When the time is over, in seconds of `time.monotonic`.
    """

    def __init__(self, at: float | None = None) -> None:
        self._at = at
        self._cancelled = False

    def cancel(self) -> None:
        """Have the work stop at its next checkpoint."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether it should stop."""
        return self._cancelled or (self._at is not None and time.monotonic() >= self._at)


_current = local()


def current() -> Signal | None:
    """Return the signal that this thread's work is under, to be handed to another thread."""
    return getattr(_current, "signal", None)


@contextmanager
def cancellable(signal: Signal | None) -> Iterator[None]:
    """Put this thread's work under a signal."""
    before = current()
    _current.signal = signal
    try:
        yield
    finally:
        _current.signal = before


def checkpoint() -> None:
    """Raise `Cancelled` where this thread's work should stop. Costs some 0.1 µs."""
    signal = getattr(_current, "signal", None)
    if signal is not None and signal.cancelled:
        raise Cancelled
