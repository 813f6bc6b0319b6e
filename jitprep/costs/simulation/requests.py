"""Readers' requests: called, refused and called again, answered and received."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jitprep.costs.simulation import draws
from jitprep.costs.simulation.clock import Clock, Line, OwnProcessors, Processor
from jitprep.costs.simulation.scenario import Scenario

if TYPE_CHECKING:
    from jitprep.costs.simulation.doors import OpenDoor

_THROTTLED = 429


class SimulatedEpoch:
    """The samples that are left, and counts of what happened so far.

    Attributes
    ----------
    received, under_way, retries, throttled, slow, gave_up : int
    waited_s, stepped_s : float
        Time that readers waited and trained.
    last_s : float
        When the last sample was received.
    latencies : array of float
        Seconds of each request.
    """

    def __init__(self, scenario: Scenario, cores: Processor | None, clock: Clock) -> None:
        self.scenario, self.clock = scenario, clock
        self.left = scenario.samples
        self.received = self.under_way = self.retries = 0
        self.throttled = self.slow = self.gave_up = 0
        self.waited_s = self.stepped_s = self.last_s = 0.0
        self.latencies = array("d")
        self.pause = draws.uniform(scenario.seed, draws.BACKOFF)
        self.ended = clock.environment.event()
        below = cores or OwnProcessors(clock)
        some = scenario.receivers
        self.receiver = below if some is None else Line(some, below, clock)

    def take(self, most: int) -> int:
        """Take the next samples, and return how many."""
        taken = min(most, self.left)
        self.left -= taken
        return taken

    def receive(self, samples: int, seconds: float) -> None:
        """Count samples that were received after a number of seconds."""
        self.received += samples
        self.under_way -= 1
        self.waited_s += seconds
        self.latencies.append(seconds)
        if self.received == self.scenario.samples:
            self.last_s = self.clock.now
            self.ended.succeed()


class ReaderRequest:
    """A reader's request under way. A reader has one, and uses it for all its samples in turn.

    Attributes
    ----------
    samples : int
        Samples that it asks for.
    since, gets, tried, place
        The door's: when it began, GETs that are missing, tries of them, and where it is served.
    """

    __slots__ = (
        "_again",
        "_attempt",
        "_began",
        "_door",
        "_epoch",
        "_most",
        "gets",
        "place",
        "samples",
        "since",
        "tried",
    )

    def __init__(self, epoch: SimulatedEpoch, door: OpenDoor, most: int, *, again: bool) -> None:
        self._epoch, self._door, self._most, self._again = epoch, door, most, again
        self.place: Any = None
        self._began = self.since = 0.0
        self._attempt = self.samples = self.gets = self.tried = 0

    def start(self, _: object = None) -> None:
        """Ask for the next samples, if any are left."""
        epoch = self._epoch
        self.samples = epoch.take(self._most)
        if self.samples:
            epoch.under_way += 1
            self._began = epoch.clock.now
            self._attempt = 0
            self._door.submit(self)

    def refuse(self, status: int) -> None:
        """Call again after a random pause, whose bound doubles each time."""
        epoch, scenario = self._epoch, self._epoch.scenario
        if status == _THROTTLED:
            epoch.throttled += 1
        else:
            epoch.slow += 1
        epoch.retries += 1
        self._attempt += 1
        if self._attempt == scenario.tries:
            epoch.gave_up += 1
        bound = min(
            scenario.backoff_s * 2 ** min(self._attempt - 1, 30), scenario.longest_backoff_s
        )
        epoch.clock.after(bound * epoch.pause(), self._call)

    def _call(self, _: object) -> None:
        self._door.submit(self)

    def answer(self) -> None:
        """Receive the answer."""
        receive_ms = self._epoch.scenario.receive_ms
        if receive_ms:
            self._epoch.receiver.work(receive_ms / 1000, self._receive, None)
        else:
            self._receive(None)

    def _receive(self, _: object) -> None:
        epoch = self._epoch
        epoch.receive(self.samples, epoch.clock.now - self._began)
        if not self._again or not epoch.left:
            return
        step_s = epoch.scenario.step_ms / 1000
        epoch.stepped_s += step_s
        if step_s:
            epoch.clock.after(step_s, self.start)
        else:
            epoch.clock.after(0, self.start)


def start_readers(epoch: SimulatedEpoch, door: OpenDoor, most: int) -> None:
    """Start the readers, evenly over the ramp."""
    scenario = epoch.scenario
    for reader in range(scenario.readers):
        request = ReaderRequest(epoch, door, most, again=True)
        epoch.clock.after(scenario.ramp_s * reader / scenario.readers, request.start)


def start_arrivals(epoch: SimulatedEpoch, door: OpenDoor, most: int, rate: float) -> None:
    """Start requests at random times, independent of their answers."""
    gap: Callable[[], float] = draws.exponential(1 / rate, epoch.scenario.seed, draws.ARRIVAL)

    def arrive(_: object) -> None:
        ReaderRequest(epoch, door, most, again=False).start()
        if epoch.left:
            epoch.clock.after(gap(), arrive)

    epoch.clock.after(gap(), arrive)
