"""Doors of several workers or environments, which each serve several requests at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from jitprep.costs.simulation import draws
from jitprep.costs.simulation.clock import (
    Clock,
    Line,
    OwnProcessors,
    Processor,
    SharedProcessors,
)
from jitprep.costs.simulation.doors import SLOW_DOWN, THROTTLED, OpenDoor
from jitprep.costs.simulation.requests import ReaderRequest
from jitprep.costs.simulation.scenario import Autoscaling, Balancing, Door, ManagedDoor, ServerDoor
from jitprep.costs.simulation.store import Partitions


@dataclass(slots=True, eq=False)
class ServingPlace:
    """A worker or an environment, and the requests in it."""

    room: int
    processor: Processor
    under_way: int = field(default=0, init=False)


class ServingPlaces:
    """ServingPlaces by the number of requests under way, so that the emptiest is found at once."""

    def __init__(self) -> None:
        self._levels: list[dict[ServingPlace, None]] = [{}]
        self._least = 0
        self.all: list[ServingPlace] = []

    def add(self, place: ServingPlace) -> None:
        """Add an empty place."""
        self.all.append(place)
        self._levels[0][place] = None
        self._least = 0

    def emptiest(self) -> ServingPlace:
        """Return the place with the fewest requests; of equal ones, the one that waits longest."""
        while not self._levels[self._least]:
            self._least += 1
        return next(iter(self._levels[self._least]))

    def move(self, place: ServingPlace, change: int) -> None:
        """Count a request that comes or leaves."""
        del self._levels[place.under_way][place]
        place.under_way += change
        if place.under_way == len(self._levels):
            self._levels.append({})
        self._levels[place.under_way][place] = None
        self._least = min(self._least, place.under_way)


class Pool(OpenDoor):
    """Workers or environments behind a balancer, with autoscaling."""

    def __init__(
        self,
        door: Door,
        number: int,
        make: Callable[[], ServingPlace],
        *,
        balance: Balancing,
        refusal: int,
        vcpus: float,
        scaling: Autoscaling | None,
        partitions: Partitions,
        clock: Clock,
        seed: int,
    ) -> None:
        super().__init__(door, partitions, clock, seed)
        self._make, self._balance, self._refusal, self._vcpus = make, balance, refusal, vcpus
        self._places = ServingPlaces()
        self._ready = self._paid = 0
        self._machine_s, self._since = 0.0, 0.0
        self._choose = draws.uniform(seed, draws.CONNECTION)
        self._pay(number)
        for _ in range(number):
            self._add()
        if scaling is not None:
            clock.environment.process(self._scale(scaling))

    @property
    def environments(self) -> int:
        """Workers or environments, those that boot included."""
        return self._paid

    def submit(self, request: ReaderRequest) -> None:
        """Serve a request at one place, or refuse it where that is full."""
        place = self._place(request)
        if place.under_way >= place.room:
            request.place = None  # a reader connects anew, perhaps to another worker
            request.refuse(self._refusal)
            return
        request.place = place
        self._places.move(place, 1)
        self._begin(request)

    def _place(self, request: ReaderRequest) -> ServingPlace:
        if self._balance != "reader":
            return self._places.emptiest()
        kept: ServingPlace | None = request.place
        everywhere = self._places.all
        return kept or everywhere[int(self._choose() * len(everywhere))]

    def _serve(self, request: ReaderRequest, wait_s: float, cpu_s: float) -> None:
        if self._ask_s:
            asked = request, wait_s, cpu_s
            request.place.processor.work(self._ask_s, self._wait, asked)
        else:
            self._wait((request, wait_s, cpu_s))

    def _wait(self, asked: tuple[ReaderRequest, float, float]) -> None:
        request, wait_s, cpu_s = asked
        if wait_s:
            self._clock.after(wait_s, self._compute, (request, cpu_s))
        else:
            self._compute((request, cpu_s))

    def _compute(self, work: tuple[ReaderRequest, float]) -> None:
        request, cpu_s = work
        request.place.processor.work(cpu_s, self._finish, request)

    def _finish(self, request: ReaderRequest) -> None:
        processor: Processor = request.place.processor
        super()._finish(request)
        if self._rest_s:
            processor.work(self._rest_s, _ignore, None)

    def _leave(self, request: ReaderRequest) -> None:
        self._places.move(request.place, -1)

    def function_s(self) -> float:
        """Return zero: nothing is billed by duration."""
        return 0.0

    def machine_s(self) -> float:
        """Return the seconds of workers or environments so far, used or not."""
        now = self._clock.now
        self._machine_s += self._paid * (now - self._since)
        self._since = now
        return self._machine_s

    def _pay(self, number: int) -> None:
        self.machine_s()
        self._paid += number

    def _add(self, _: Any = None) -> None:
        """Add a worker: a place of its own, or one more at the place that all share."""
        self._ready += 1
        made = self._make()
        shared = self._places.all[0] if self._places.all else None
        if self._balance == "free" and shared is not None:
            shared.room += made.room
            assert isinstance(shared.processor, Line)
            shared.processor.add(1)
        else:
            self._places.add(made)

    def _scale(self, scaling: Autoscaling) -> Generator[simpy.Event, None, None]:
        """Start as many workers as bring the busy share of processors down to the target."""
        busy_before = 0.0
        while True:
            yield self._clock.environment.timeout(scaling.every_s)
            busy = math.fsum(place.processor.busy_s() for place in self._places.all)
            used = (busy - busy_before) / scaling.every_s / self._vcpus
            busy_before = busy
            more = min(math.ceil(used / scaling.target - 1e-9), scaling.most) - self._paid
            if more > 0:
                self._pay(more)
                for _ in range(more):
                    self._clock.after(scaling.boot_s, self._add)


def _ignore(_: Any) -> None:
    """Do nothing: nobody waits for the rest of a request's work."""


def open_server(
    door: ServerDoor, cores: Processor | None, partitions: Partitions, clock: Clock, seed: int
) -> Pool:
    """Return the workers of a server."""
    below, service = cores or OwnProcessors(clock), door.service
    cold_s, cold_after_s = service.cold_ms / 1000, service.cold_after_ms / 1000
    return Pool(
        door,
        door.workers,
        lambda: ServingPlace(door.threads, Line(1, below, clock, cold_s, cold_after_s)),
        balance=door.balance,
        refusal=SLOW_DOWN,
        vcpus=1.0,
        scaling=door.scaling,
        partitions=partitions,
        clock=clock,
        seed=seed,
    )


def open_managed(
    door: ManagedDoor, cores: Processor | None, partitions: Partitions, clock: Clock, seed: int
) -> Pool:
    """Return the environments of Managed Instances."""

    def make() -> ServingPlace:
        return ServingPlace(door.requests_at_once, cores or SharedProcessors(clock, door.vcpus))

    return Pool(
        door,
        door.environments,
        make,
        balance="least",
        refusal=THROTTLED,
        vcpus=door.vcpus,
        scaling=door.scaling,
        partitions=partitions,
        clock=clock,
        seed=seed,
    )
