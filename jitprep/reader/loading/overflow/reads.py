"""`RemoteReads`: the tasks that are under way at a remote, and whether another may begin."""

from __future__ import annotations

from threading import Lock

from jitprep.reader.loading.overflow.stragglers import Latency
from jitprep.reader.loading.overflow.window import Window


class RemoteReads:
    """Tasks under way. Threads may begin and end them at once.

    A read that is late is made by a worker, so it takes no place in the window: a few that hang would
    fill it until they time out.

    Parameters
    ----------
    most : int
        Samples under way at most, the late ones included.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._window = Window(most)
        self._latency = Latency()
        self._begun: dict[int, tuple[float, int]] = {}  # by task: when, and how many samples
        self._lock = Lock()

    def may_begin(self, wanted: float, now: float) -> bool:
        """Return whether another task may begin, where so many samples are wanted under way."""
        with self._lock:
            late = now - self._latency.late_after
            counted = sum(samples for at, samples in self._begun.values() if at > late)
            whole = sum(samples for _, samples in self._begun.values())
            return counted < min(self._window.size(now), wanted) and whole < self._most

    def begin(self, number: int, samples: int, now: float) -> None:
        """Record that a task begins."""
        with self._lock:
            self._begun[number] = now, samples

    def end(self, number: int, now: float, *, failed: bool) -> None:
        """Record that a task has ended."""
        with self._lock:
            at, samples = self._begun.pop(number)
            if failed:
                self._window.failed(at, now)
            else:
                self._window.succeeded(samples)
                self._latency.add(now - at)

    def rests(self, now: float) -> bool:
        """Return whether the remote is left alone for a while."""
        return not self._window.size(now)

    def pause(self, now: float) -> None:
        """Leave the remote alone for a while, twice as long as the last time."""
        self._window.pause(now)
