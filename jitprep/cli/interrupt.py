"""Ctrl-C, and SIGTERM: the first ends a command in order, and later ones change nothing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether the user has interrupted the command.

    Outside `held` that raises KeyboardInterrupt in the main thread, once.
    """

    def __init__(self) -> None:
        self._number = 0
        self._held = False

    def __call__(self) -> bool:
        """Whether it was."""
        return bool(self._number)

    @property
    def status(self) -> int:
        """The exit status of a command that a signal ended: 130 of Ctrl-C."""
        return 128 + (self._number or signal.SIGINT)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raise nothing in the block, which asks by itself."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _handle(self, number: int, _: FrameType | None) -> None:
        self._number = number
        # Not by a handler of ours: Python takes those away before it ends.
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        if not self._held:
            raise KeyboardInterrupt

    def leave(self) -> NoReturn:
        """End the process, now: Python would wait for threads that wait for a network or for C code."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(self.status)

    def listen(self) -> None:
        """Take the signals; also where a shell has put the process into the background."""
        for number in _SIGNALS:
            with suppress(ValueError):  # only a main thread can
                signal.signal(number, self._handle)


@contextmanager
def catch_interrupts() -> Iterator[Interruption]:
    """Take the signals in the block. After the first, the process is about to end: it keeps them."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    interruption = Interruption()
    interruption.listen()
    try:
        yield interruption
    finally:
        if not interruption():
            for number, handler in before.items():
                with suppress(ValueError):
                    signal.signal(number, handler)
