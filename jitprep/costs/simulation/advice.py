"""Recommended size of a door and ramp of its readers, found by a few simulations."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from jitprep.costs.simulation.outcome import Outcome
from jitprep.costs.simulation.scenario import FunctionDoor, ManagedDoor, Scenario
from jitprep.costs.simulation.simulate import simulate

# Share of the best epoch that the recommended one may take longer.
_MARGIN = 1.05
_FIRST_SIZE = 8
# Samples for each size: enough that each reader reads some times.
_EACH, _LEAST, _MOST = 8, 5_000, 100_000
# The ramp grows by so much while the burst still throttles.
_LONGER_S, _ATTEMPTS = 5.0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Smallest size within 5% of the best epoch, to a factor of two.

    Parameters
    ----------
    size : int
        Concurrency of the function, or workers or environments.
    readers : int
    ramp_s : float
    outcome : Outcome
        Of a full epoch with these.
    """

    size: int
    readers: int
    ramp_s: float
    outcome: Outcome


def advise(scenario: Scenario) -> Advice:
    """Return the recommended size and ramp.

    A function's sizes come with as many readers, and with the ramp that keeps their environments within
    the burst. Other doors keep the scenario's readers and ramp. Their sizes begin with the scenario's
    and are fixed, without scaling.
    """
    function = isinstance(scenario.door, FunctionDoor)
    size = min(_FIRST_SIZE, scenario.readers) if function else _size(scenario)
    chosen = _sized(scenario, size)
    epoch_s = _epoch_s(chosen)
    while size < scenario.readers:
        size = min(2 * size, scenario.readers)
        larger = _sized(scenario, size)
        larger_s = _epoch_s(larger)
        if larger_s * _MARGIN > epoch_s:
            break
        chosen, epoch_s = larger, larger_s
    return _checked(chosen)


def _checked(scenario: Scenario) -> Advice:
    """Return the advice with its outcome, and with a longer ramp where the first throttles."""
    outcome = simulate(scenario)
    for _ in range(_ATTEMPTS):
        if not outcome.throttled_429 or not isinstance(scenario.door, FunctionDoor):
            break
        scenario = replace(scenario, ramp_s=scenario.ramp_s + _LONGER_S)
        outcome = simulate(scenario)
    return Advice(
        size=_size(scenario),
        readers=scenario.readers,
        ramp_s=scenario.ramp_s,
        outcome=outcome,
    )


def _size(scenario: Scenario) -> int:
    door = scenario.door
    if isinstance(door, FunctionDoor):
        return door.concurrency
    return door.environments if isinstance(door, ManagedDoor) else door.workers


def _sized(scenario: Scenario, size: int) -> Scenario:
    door = scenario.door
    if isinstance(door, FunctionDoor):
        sized = replace(scenario, readers=size, ramp_s=_ramp_s(door, size))
        return replace(sized, door=replace(door, concurrency=_concurrency(sized, door), warm=0))
    if isinstance(door, ManagedDoor):
        return replace(scenario, door=replace(door, environments=size, scaling=None))
    return replace(scenario, door=replace(door, workers=size, scaling=None))


def _ramp_s(door: FunctionDoor, size: int) -> float:
    """Return the seconds in which the burst starts so many environments."""
    if door.burst is None:
        return 0.0
    return math.ceil(max(0, size - door.burst) * door.burst_s / door.burst)


def _concurrency(scenario: Scenario, door: FunctionDoor) -> int:
    """Return an environment per reader, or more where requests are short: the quota counts them too."""
    each = door.requests_per_s_each
    if each is None:
        return scenario.readers
    requests_per_s = _rate(scenario) / door.samples_per_request
    return max(scenario.readers, math.ceil(1.05 * requests_per_s / each))


def _epoch_s(scenario: Scenario) -> float:
    """Return about the time of an epoch: at the rate after the ramp, and half of the ramp."""
    return scenario.samples / _rate(scenario) + scenario.ramp_s / 2


def _rate(scenario: Scenario) -> float:
    """Return the samples per second of a short run, in which all environments are there."""
    door, readers = scenario.door, scenario.readers
    samples = _EACH * readers * door.samples_per_request
    most = max(_MOST, 2 * readers * door.samples_per_request)
    if isinstance(door, FunctionDoor):
        door = replace(door, concurrency=readers, warm=readers, requests_per_s_each=None)
    short = replace(
        scenario, door=door, ramp_s=0.0, samples=min(max(samples, _LEAST), most, scenario.samples)
    )
    return simulate(short).samples_per_s
