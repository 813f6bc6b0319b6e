"""Cancellation: the signal that every loop which may last asks.

Python cannot stop a thread from outside. To give work up, set its signal: the work looks at it between
frames, rows, strips, packets and steps. C code never looks at it, so each call is bounded beforehand.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Lock, get_ident, local
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
        self._lock = Lock()
        self._abroad: set[int] = set()  # threads in code that has no checkpoints

    def cancel(self) -> None:
        """Have the work stop at its next checkpoint; where there are none, between two bytecodes."""
        with self._lock:
            if self._cancelled:  # once: a thread may have gone on to other work
                return
            self._cancelled = True
            for thread in self._abroad:
                _raise_in(thread, Cancelled)

    def enter(self) -> None:
        """Note that this thread begins with code that has no checkpoints."""
        checkpoint()
        with self._lock:
            self._abroad.add(get_ident())

    def leave(self) -> None:
        """Note that it is back. What was to be raised in it and was not yet is taken back."""
        with self._lock:
            self._abroad.discard(get_ident())
            if self._cancelled:
                _raise_in(get_ident(), None)

    @property
    def cancelled(self) -> bool:
        """Whether it should stop."""
        return self.over(0.0)

    def over(self, lasting: float) -> bool:
        """Whether it should stop rather than begin what takes so many seconds."""
        return self._cancelled or (self._at is not None and time.monotonic() + lasting >= self._at)


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


@contextmanager
def interruptible() -> Iterator[None]:
    """Let another library's Python code be given up, which has no checkpoints.

    `Signal.cancel` raises `Cancelled` in it wherever it is, so that nothing within may hold a lock or
    leave anything half done that somebody else will see. Each of its calls to C ends first.
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
    """Raise an error in a thread before its next bytecode; None takes it back."""
    import ctypes  # noqa: PLC0415  only where work is given up

    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), None if error is None else ctypes.py_object(error)
    )


def checkpoint(lasting: float = 0.0) -> None:
    """Raise `Cancelled` where this thread's work should stop. Costs some 0.1 µs.

    Parameters
    ----------
    lasting : float
        Seconds that a call takes which cannot be given up: it is not begun where fewer are left.
    """
    signal = getattr(_current, "signal", None)
    if signal is not None and signal.over(lasting):
        raise Cancelled
