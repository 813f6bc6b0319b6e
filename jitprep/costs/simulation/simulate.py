"""Simulation of one epoch."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy

from jitprep.costs.simulation.clock import Clock, Processor, SharedProcessors
from jitprep.costs.simulation.doors import Functions, OpenDoor
from jitprep.costs.simulation.front import FunctionsBehind
from jitprep.costs.simulation.outcome import Interval, Outcome, Usage
from jitprep.costs.simulation.pools import open_managed, open_server
from jitprep.costs.simulation.requests import SimulatedEpoch, start_arrivals, start_readers
from jitprep.costs.simulation.scenario import ManagedDoor, Scenario, ServerDoor
from jitprep.costs.simulation.store import Partitions

# Intervals of a timeline. Their length doubles where they become more.
_INTERVALS, _FIRST_INTERVAL_S = 600, 0.05


def simulate(scenario: Scenario) -> Outcome:
    """Simulate one epoch. The same scenario gives the same outcome.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    Outcome
    """
    clock = Clock()
    cores = (
        None
        if scenario.cores is None
        else SharedProcessors(clock, scenario.cores, scenario.crowding)
    )
    partitions = Partitions(scenario.store, clock, scenario.seed)
    door = _open(scenario, cores, partitions, clock)
    epoch = SimulatedEpoch(scenario, cores, clock)
    timeline = _Timeline(epoch, door, partitions)
    most = scenario.door.samples_per_request
    if scenario.arrivals_per_s is None:
        start_readers(epoch, door, most)
    else:
        start_arrivals(epoch, door, most, scenario.arrivals_per_s)
    clock.environment.run(until=epoch.ended)
    return _outcome(epoch, door, partitions, timeline)


def _open(
    scenario: Scenario, cores: Processor | None, partitions: Partitions, clock: Clock
) -> OpenDoor:
    door, seed = scenario.door, scenario.seed
    if isinstance(door, ServerDoor):
        return open_server(door, cores, partitions, clock, seed)
    if isinstance(door, ManagedDoor):
        return open_managed(door, cores, partitions, clock, seed)
    if door.front is not None:
        return FunctionsBehind(door.front, door, cores, partitions, clock, seed)
    return Functions(door, cores, partitions, clock, seed)


class _Timeline:
    """Counts at the ends of intervals. They are taken by a process, so that requests cost no more."""

    def __init__(self, epoch: SimulatedEpoch, door: OpenDoor, partitions: Partitions) -> None:
        self._epoch, self._door, self._partitions = epoch, door, partitions
        self._counts: list[tuple[float, int, int, int, int, int]] = []
        self._width_s = _FIRST_INTERVAL_S
        epoch.clock.environment.process(self._take_all())

    def _take_all(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self._epoch.clock.environment.timeout(self._width_s)
            self._take()
            if len(self._counts) == _INTERVALS:
                self._counts = self._counts[1::2]
                self._width_s *= 2

    def _take(self) -> None:
        epoch = self._epoch
        self._counts.append(
            (
                epoch.clock.now,
                epoch.under_way,
                self._door.environments,
                epoch.received,
                epoch.throttled,
                epoch.slow + self._partitions.refused,
            )
        )

    def intervals(self) -> tuple[Interval, ...]:
        """Return the intervals until now."""
        if not self._counts or self._counts[-1][0] < self._epoch.clock.now:
            self._take()
        before = (0.0, 0, 0, 0, 0, 0)
        made = []
        for now in self._counts:
            end_s, under_way, environments, *counts = now
            samples, throttled, slow = (a - b for a, b in zip(counts, before[3:], strict=True))
            made.append(
                Interval(
                    end_s=end_s,
                    under_way=under_way,
                    environments=environments,
                    samples=samples,
                    throttled_429=throttled,
                    slow_503=slow,
                )
            )
            before = now
        return tuple(made)


def _outcome(
    epoch: SimulatedEpoch, door: OpenDoor, partitions: Partitions, timeline: _Timeline
) -> Outcome:
    latencies = np.asarray(epoch.latencies) * 1000
    p50, p99 = np.percentile(latencies, (50, 99))
    spent_s = epoch.waited_s + epoch.stepped_s
    return Outcome(
        epoch_s=epoch.last_s,
        samples=epoch.received,
        samples_per_s=epoch.received / epoch.last_s if epoch.last_s else float("inf"),
        idle=epoch.waited_s / spent_s if spent_s else 0.0,
        throttled_429=epoch.throttled,
        slow_503=epoch.slow + partitions.refused,
        store_503=partitions.refused,
        retries=epoch.retries,
        gave_up=epoch.gave_up,
        p50_ms=float(p50),
        p99_ms=float(p99),
        mean_ms=float(latencies.mean()),
        usage=Usage(
            requests=door.served,
            function_s=door.function_s(),
            machine_s=door.machine_s(),
            gets=partitions.answered,
        ),
        timeline=timeline.intervals(),
    )
