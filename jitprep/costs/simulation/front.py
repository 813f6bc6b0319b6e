"""Functions behind one process that their requests pass, as in `jitprep up`."""

from __future__ import annotations

from jitprep.costs.simulation.clock import Clock, Line, OwnProcessors, Processor
from jitprep.costs.simulation.doors import Functions
from jitprep.costs.simulation.requests import ReaderRequest
from jitprep.costs.simulation.scenario import Front, FunctionDoor
from jitprep.costs.simulation.store import Partitions

# A request, its wait for the store, and its CPU time.
_Service = tuple[ReaderRequest, float, float]


class FunctionsBehind(Functions):
    """Environments behind a process that does one thing at a time."""

    def __init__(
        self,
        front: Front,
        door: FunctionDoor,
        processor: Processor | None,
        partitions: Partitions,
        clock: Clock,
        seed: int,
    ) -> None:
        super().__init__(door, processor, partitions, clock, seed)
        self._parts, self._front = front, Line(1, processor or OwnProcessors(clock), clock)

    def submit(self, request: ReaderRequest) -> None:
        """Take a request, and bring it to an environment."""
        self._front.work(self._parts.before_ms / 1000, super().submit, request)

    def _serve(self, request: ReaderRequest, wait_s: float, cpu_s: float) -> None:
        self._front.work(self._parts.get_ms / 1000, self._wait, (request, wait_s, cpu_s))

    def _wait(self, service: _Service) -> None:
        self._clock.after(service[1], self._bring, service)

    def _bring(self, service: _Service) -> None:
        self._front.work(self._parts.got_ms / 1000, self._work, service)

    def _work(self, service: _Service) -> None:
        request, _, cpu_s = service
        super()._serve(request, 0.0, cpu_s)

    def _finish(self, request: ReaderRequest) -> None:
        self._front.work(self._parts.after_ms / 1000, super()._finish, request)

    def _free_one(self, since: float) -> None:
        self._front.work(self._parts.rest_ms / 1000, super()._free_one, since)
