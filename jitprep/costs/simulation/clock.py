"""Simulated time, and processors that work takes time on."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Protocol

import simpy

_Call = Callable[[Any], None]
# Work that is left at its computed end, by rounding, in seconds.
_ROUNDING = 1e-9


class Clock:
    """Simulated time in seconds.

    It schedules plain calls on simpy's environment. A process per request would take several times as
    long, and there are millions of requests.
    """

    def __init__(self) -> None:
        self.environment = simpy.Environment()

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.environment.now

    def after(self, delay: float, call: _Call, value: Any = None) -> None:
        """Call `call(value)` after a number of seconds."""
        timeout = simpy.Timeout(self.environment, delay)
        timeout.callbacks.append(lambda _: call(value))


class Processor(Protocol):
    """What work takes time on."""

    def work(self, seconds: float, call: _Call, value: Any) -> None:
        """Call `call(value)` when this much CPU time was spent."""

    def busy_s(self) -> float:
        """Return the CPU time spent so far."""


class OwnProcessors:
    """As many processors as there is work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._busy_s = 0.0

    def work(self, seconds: float, call: _Call, value: Any) -> None:
        """Call `call(value)` when this much CPU time was spent."""
        self._busy_s += seconds
        self._clock.after(seconds, call, value)

    def busy_s(self) -> float:
        """Return the CPU time spent so far, counted when it starts."""
        return self._busy_s


class SharedProcessors:
    """Processors that all work shares equally: processor sharing, as an operating system does.

    The more pieces of work there are at once, the longer each takes, as `crowding` says.
    """

    def __init__(self, clock: Clock, processors: float, crowding: Sequence[float] = (1.0,)) -> None:
        self._clock, self._processors, self._crowding = clock, processors, crowding
        # CPU time that each piece of work has had since the start; work ends where it reaches its own.
        self._had = self._at = self._busy_s = 0.0
        self._ends: list[tuple[float, int, _Call, Any]] = []
        self._numbers, self._awaited = count(), 0

    def work(self, seconds: float, call: _Call, value: Any) -> None:
        """Call `call(value)` when this much CPU time was spent."""
        self._advance()
        entry = (self._had + seconds, next(self._numbers), call, value)
        heapq.heappush(self._ends, entry)
        if self._ends[0] is entry:  # others only end later than they were awaited
            self._await_first()

    def busy_s(self) -> float:
        """Return the CPU time spent so far."""
        self._advance()
        return self._busy_s

    @property
    def _rate(self) -> float:
        pieces, crowding = len(self._ends), self._crowding
        slower = crowding[min(pieces, len(crowding)) - 1]
        return min(1.0, self._processors / pieces) / slower

    def _advance(self) -> None:
        now = self._clock.now
        if self._ends:
            had = (now - self._at) * self._rate
            self._had += had
            self._busy_s += had * len(self._ends)
        self._at = now

    def _await_first(self) -> None:
        self._awaited += 1
        delay = (self._ends[0][0] - self._had) / self._rate
        self._clock.after(max(0.0, delay), self._end, self._awaited)

    def _end(self, awaited: int) -> None:
        if awaited != self._awaited:
            return
        self._advance()
        # Late in a long epoch, what is left may be less than the clock's next number is away.
        least = max(_ROUNDING, 2 * math.ulp(self._clock.now))
        ended = []
        while self._ends and self._ends[0][0] <= self._had + least:
            ended.append(heapq.heappop(self._ends))
        if self._ends:
            self._await_first()
        for _, _, call, value in ended:
            call(value)


class Line:
    """Workers that take work in the order in which it comes, each one piece at a time.

    Work takes `cold_s` longer where they were all idle for `cold_after_s`, and proportionally less after
    a shorter time.
    """

    def __init__(
        self,
        workers: int,
        processor: Processor,
        clock: Clock,
        cold_s: float = 0.0,
        cold_after_s: float = 0.0,
    ) -> None:
        self._free, self._processor, self._clock = workers, processor, clock
        self._cold_s, self._cold_after_s, self._idle_since = cold_s, cold_after_s, 0.0
        self._line: deque[tuple[float, _Call, Any]] = deque()
        self._working, self._since, self._busy_s = 0, 0.0, 0.0

    def add(self, workers: int) -> None:
        """Add workers."""
        self._free += workers
        self._start()

    def work(self, seconds: float, call: _Call, value: Any) -> None:
        """Call `call(value)` when this much CPU time was spent."""
        self._line.append((seconds, call, value))
        self._start()

    def busy_s(self) -> float:
        """Return the seconds of workers that worked, so far."""
        now = self._clock.now
        self._busy_s += self._working * (now - self._since)
        self._since = now
        return self._busy_s

    def _start(self) -> None:
        while self._free and self._line:
            seconds, call, value = self._line.popleft()
            if self._cold_s and not self._working:
                idle = (self._clock.now - self._idle_since) / self._cold_after_s
                seconds += self._cold_s * min(1.0, idle)
            self._count(1)
            self._processor.work(seconds, self._end, (call, value))

    def _end(self, ended: tuple[_Call, Any]) -> None:
        self._count(-1)
        self._idle_since = self._clock.now
        self._start()
        call, value = ended
        call(value)

    def _count(self, change: int) -> None:
        self.busy_s()
        self._free -= change
        self._working += change
