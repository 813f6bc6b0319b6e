"""Doors of a simulation: they take requests, get originals from the store, and answer or refuse."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque

from jitprep.costs.simulation import draws
from jitprep.costs.simulation.clock import Clock, OwnProcessors, Processor
from jitprep.costs.simulation.requests import ReaderRequest
from jitprep.costs.simulation.scenario import Door, FunctionDoor
from jitprep.costs.simulation.store import Partitions, TokenBucket

THROTTLED, SLOW_DOWN = 429, 503
# The function and the server try a GET five times, with pauses of half to all of a bound that doubles,
# as `jitprep.service.source.original` does.
_TRIES, _PAUSE_S = 5, 0.1


class OpenDoor(ABC):
    """A door, and the requests in it.

    Attributes
    ----------
    served : int
        Requests that it answered, or that failed in it.
    """

    def __init__(self, door: Door, partitions: Partitions, clock: Clock, seed: int) -> None:
        service, samples = door.service, door.samples_per_request
        self._clock, self._partitions = clock, partitions
        self._samples, self._gets = samples, door.gets_per_request
        self._cpu_ms = draws.sums(service.cpu_ms, samples, service.spread, seed, draws.SERVICE)
        self._request_ms, self._rest_s = service.request_ms, service.rest_ms / 1000
        self._ask_s = service.ask_ms / 1000
        turns = math.ceil(door.gets_per_request / door.gets_at_once)
        self._wait_ms = draws.sums(service.wait_ms, turns, "measured", seed, draws.WAIT)
        self._pause = draws.uniform(seed, draws.PAUSE)
        self.served = 0

    @property
    @abstractmethod
    def environments(self) -> int:
        """Environments or workers, those that start included."""

    @abstractmethod
    def submit(self, request: ReaderRequest) -> None:
        """Take a request: call its `answer` or its `refuse`, now or later."""

    @abstractmethod
    def _leave(self, request: ReaderRequest) -> None:
        """Free what the request occupies."""

    @abstractmethod
    def function_s(self) -> float:
        """Return the seconds of environments that are billed by duration, so far."""

    @abstractmethod
    def machine_s(self) -> float:
        """Return the seconds of machines that are billed whether busy or not, so far."""

    def _begin(self, request: ReaderRequest) -> None:
        request.since = self._clock.now
        request.tried = 0
        request.gets = math.ceil(self._gets * request.samples / self._samples)
        self._fetch(request)

    def _fetch(self, request: ReaderRequest) -> None:
        """Get what is missing from the store, and try again after a pause where it refuses."""
        request.gets -= self._partitions.get(request.gets)
        if not request.gets:
            wait_s = self._wait_ms() / 1000
            cpu_s = (self._cpu_ms() * request.samples / self._samples + self._request_ms) / 1000
            self._serve(request, wait_s, cpu_s)
            return
        request.tried += 1
        if request.tried == _TRIES:
            self._end(request)
            request.refuse(SLOW_DOWN)
            return
        bound = _PAUSE_S * 2 ** (request.tried - 1)
        self._clock.after(bound * (0.5 + 0.5 * self._pause()), self._fetch, request)

    @abstractmethod
    def _serve(self, request: ReaderRequest, wait_s: float, cpu_s: float) -> None:
        """Wait for the store, do the work, then call `_finish`."""

    def _finish(self, request: ReaderRequest) -> None:
        self._end(request)
        request.answer()

    def _end(self, request: ReaderRequest) -> None:
        self.served += 1
        self._leave(request)


class Functions(OpenDoor):
    """Environments of Lambda's default mode."""

    def __init__(
        self,
        door: FunctionDoor,
        processor: Processor | None,
        partitions: Partitions,
        clock: Clock,
        seed: int,
    ) -> None:
        super().__init__(door, partitions, clock, seed)
        self._door, self._processor = door, processor
        self._below = processor or OwnProcessors(clock)
        self._free = self._started = min(door.warm, door.concurrency)
        self._line: deque[ReaderRequest] = deque()
        self._billed_s = 0.0
        self._starts = self._bucket(door.burst, door.burst_s)
        each = door.requests_per_s_each
        self._rate = self._bucket(None if each is None else door.concurrency * each, 1.0)

    def _bucket(self, number: float | None, seconds: float) -> TokenBucket | None:
        if number is None:
            return None
        return TokenBucket(number / seconds, max(1.0, number), self._clock)

    @property
    def environments(self) -> int:
        """Environments, those that start included."""
        return self._started

    def submit(self, request: ReaderRequest) -> None:
        """Serve a request in a free environment, in a new one, later, or refuse it."""
        if self._rate is not None and not self._rate.take():
            request.refuse(THROTTLED)
        elif self._free:
            self._free -= 1
            self._begin(request)
        elif self._may_start():
            self._started += 1
            cold_s = self._door.cold_start_ms / 1000
            self._billed_s += cold_s  # INIT is billed since August 2025
            self._clock.after(cold_s, self._begin, request)
        elif len(self._line) < self._door.queue:
            self._line.append(request)
        else:
            request.refuse(THROTTLED)

    def _may_start(self) -> bool:
        if self._started >= self._door.concurrency:
            return False
        return self._starts is None or self._starts.take() == 1

    def _serve(self, request: ReaderRequest, wait_s: float, cpu_s: float) -> None:
        if self._processor is not None:
            self._clock.after(wait_s, self._compute, (request, cpu_s))
            return
        self._clock.after(wait_s + max(cpu_s, self._send_s(request)), self._finish, request)

    def _compute(self, work: tuple[ReaderRequest, float]) -> None:
        assert self._processor is not None
        request, cpu_s = work
        begun = self._clock.now
        self._processor.work(cpu_s, self._send, (request, begun))

    def _send(self, work: tuple[ReaderRequest, float]) -> None:
        request, begun = work
        left = begun + self._send_s(request) - self._clock.now
        if left > 0:
            self._clock.after(left, self._finish, request)
        else:
            self._finish(request)

    def _send_s(self, request: ReaderRequest) -> float:
        return self._door.send_ms * request.samples / self._samples / 1000

    def _finish(self, request: ReaderRequest) -> None:
        """Answer, and free the environment once it has done the rest."""
        since = request.since  # the reader uses the request again
        self.served += 1
        request.answer()
        if self._rest_s:
            self._below.work(self._rest_s, self._free_one, since)
        else:
            self._free_one(since)

    def _leave(self, request: ReaderRequest) -> None:
        self._free_one(request.since)

    def _free_one(self, since: float) -> None:
        self._billed_s += self._clock.now - since
        if self._line:
            self._clock.after(0, self._begin, self._line.popleft())
        else:
            self._free += 1

    def function_s(self) -> float:
        """Return the seconds of environments that are billed by duration, so far."""
        return self._billed_s

    def machine_s(self) -> float:
        """Return zero, since no machine is paid for."""
        return 0.0
