"""Ctrl-C and SIGTERM: the first ends a command in order; later ones are ignored."""

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
    """Flag that a signal sets.

    Outside of `held`, the first signal also raises KeyboardInterrupt in the main thread.
    """

    def __init__(self) -> None:
        self._number = 0
        self._held = False

    def __call__(self) -> bool:
        """Whether a signal has arrived."""
        return bool(self._number)

    @property
    def status(self) -> int:
        """Exit status of a command that a signal ended: 130 for Ctrl-C."""
        return 128 + (self._number or signal.SIGINT)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raise nothing in the block, which polls the flag instead."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _handle(self, number: int, _: FrameType | None) -> None:
        self._number = number
        # Not with a handler of ours: Python removes those before it exits.
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        if not self._held:
            raise KeyboardInterrupt

    def leave(self) -> NoReturn:
        """End the process at once: Python would wait for threads that wait for a network or C code."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(self.status)

    def listen(self) -> None:
        """Install the handlers, also where a shell started the process in the background."""
        for number in _SIGNALS:
            with suppress(ValueError):  # only a main thread can
                signal.signal(number, self._handle)


@contextmanager
def catch_interrupts() -> Iterator[Interruption]:
    """Handle the signals in the block. After the first, the process is ending: they stay ignored."""
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
