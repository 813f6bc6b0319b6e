"""Cancellation of work: a signal that every long loop checks.

Python cannot stop a thread from outside. To cancel work, set its signal. The work checks it between
frames, rows, strips, packets and steps. C code does not check it, so the size of each call is bounded
beforehand.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Lock, get_ident, local
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cancelled(BaseException):
    """Raised in work that was cancelled.

    Like `asyncio.CancelledError`, it is not an `Exception`: code that turns any exception of a decoder
    into "the file is damaged" must not catch it.
    """


class Signal:
    """Signal for work to stop, because it was cancelled or its time is over.

    Parameters
    ----------
    at : float, optional
        When the time is over, in seconds of `time.monotonic`.
    """

    def __init__(self, at: float | None = None) -> None:
        self._at = at
        self._cancelled = False
        self._lock = Lock()
        self._abroad: set[int] = set()  # threads in code that has no checkpoints

    def cancel(self) -> None:
        """Stop the work at its next checkpoint, or before the next bytecode where there are none."""
        with self._lock:
            if self._cancelled:  # only once: a thread may have begun other work since
                return
            self._cancelled = True
            for thread in self._abroad:
                _raise_in(thread, Cancelled)

    def enter(self) -> None:
        """Record that this thread enters code without checkpoints."""
        checkpoint()
        with self._lock:
            self._abroad.add(get_ident())

    def leave(self) -> None:
        """Record that this thread left such code, and withdraw an error not yet raised in it."""
        with self._lock:
            self._abroad.discard(get_ident())
            if self._cancelled:
                _raise_in(get_ident(), None)

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop."""
        return self.over(0.0)

    def over(self, lasting: float) -> bool:
        """Return whether the work should stop before a call that takes `lasting` seconds."""
        return self._cancelled or (self._at is not None and time.monotonic() + lasting >= self._at)


_current = local()


def current() -> Signal | None:
    """Return the signal of this thread's work, to pass it to another thread."""
    return getattr(_current, "signal", None)


@contextmanager
def cancellable(signal: Signal | None) -> Iterator[None]:
    """Make this thread's work check a signal."""
    before = current()
    _current.signal = signal
    try:
        yield
    finally:
        _current.signal = before


@contextmanager
def interruptible() -> Iterator[None]:
    """Make another library's Python code, which has no checkpoints, cancellable.

    `Signal.cancel` raises `Cancelled` at any point of it, so it may not hold a lock, nor leave shared
    state half changed. A call into C ends first.
    """
    signal = current()
    if signal is None:
        yield
        return
    signal.enter()
    try:
        yield
    finally:
        signal.leave()
    checkpoint()


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise an error in a thread before its next bytecode; None withdraws it."""
    import ctypes  # noqa: PLC0415  only if work is cancelled

    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), None if error is None else ctypes.py_object(error)
    )


def checkpoint(lasting: float = 0.0) -> None:
    """Raise `Cancelled` if this thread's work should stop. Takes about 0.1 µs.

    Parameters
    ----------
    lasting : float
        Seconds that the next call takes, if it cannot be cancelled. Raise if fewer are left.
    """
    signal = getattr(_current, "signal", None)
    if signal is not None and signal.over(lasting):
        raise Cancelled
