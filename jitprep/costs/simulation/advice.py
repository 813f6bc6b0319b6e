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
# The ramp and the concurrency grow by so much while Lambda still throttles.
_LONGER_S, _ROOM, _ATTEMPTS = 5.0, 1.1, 4
# Standard deviations of the number of environments that are occupied.
_DEVIATIONS = 4


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

    A function's sizes are numbers of readers. They come with the concurrency that these need, and with
    the ramp that keeps their environments within the burst. Other doors keep the scenario's readers and
    ramp. Their sizes begin with the scenario's and are fixed, without scaling.
    """
    function = isinstance(scenario.door, FunctionDoor)
    size = min(_FIRST_SIZE, scenario.readers) if function else _size(scenario)
    chosen, epoch_s = _sized(scenario, size)
    while size < scenario.readers:
        size = min(2 * size, scenario.readers)
        larger, larger_s = _sized(scenario, size)
        if larger_s * _MARGIN > epoch_s:
            break
        chosen, epoch_s = larger, larger_s
    return _checked(chosen)


def _checked(scenario: Scenario) -> Advice:
    """Return the advice, with more room and a longer ramp where Lambda throttles the first."""
    outcome = simulate(scenario)
    for _ in range(_ATTEMPTS):
        door = scenario.door
        if not outcome.throttled_429 or not isinstance(door, FunctionDoor):
            break
        larger = replace(door, concurrency=math.ceil(door.concurrency * _ROOM))
        scenario = replace(scenario, door=larger, ramp_s=scenario.ramp_s + _LONGER_S)
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


def _sized(scenario: Scenario, size: int) -> tuple[Scenario, float]:
    """Return the scenario with this size, and about the time of its epoch."""
    door = scenario.door
    if isinstance(door, ManagedDoor):
        sized = replace(scenario, door=replace(door, environments=size, scaling=None))
        return sized, _epoch_s(sized, _short_run(sized).samples_per_s)
    if not isinstance(door, FunctionDoor):
        sized = replace(scenario, door=replace(door, workers=size, scaling=None))
        return sized, _epoch_s(sized, _short_run(sized).samples_per_s)
    all_warm = replace(door, concurrency=size, warm=size, requests_per_s_each=None)
    run = _short_run(replace(scenario, door=all_warm, readers=size, ramp_s=0.0))
    shared = _occupied(run.mean_ms, scenario.step_ms, size)
    least, least_s = _ramped(scenario, door, size, shared, run)
    most, most_s = _ramped(scenario, door, size, size, run)
    return (least, least_s) if least_s <= most_s * _MARGIN else (most, most_s)


def _ramped(
    scenario: Scenario, door: FunctionDoor, readers: int, environments: int, run: Outcome
) -> tuple[Scenario, float]:
    """Return the scenario with so many environments, and the ramp in which they suffice."""
    # A reader's first request waits for an environment to start as well.
    first_s = (run.mean_ms + door.cold_start_ms) / 1000
    ramp_s = readers * first_s / environments if environments < readers else 0.0
    if door.burst is not None:
        ramp_s = max(ramp_s, (environments - door.burst) * door.burst_s / door.burst)
    each = door.requests_per_s_each
    requests_per_s = run.samples_per_s / door.samples_per_request
    least = 0 if each is None else math.ceil(_MARGIN * requests_per_s / each)
    door = replace(door, concurrency=max(environments, least), warm=0)
    sized = replace(scenario, door=door, readers=readers, ramp_s=float(math.ceil(ramp_s)))
    return sized, _epoch_s(sized, run.samples_per_s)


def _occupied(latency_ms: float, step_ms: float, readers: int) -> int:
    """Return the environments that readers occupy at once, with room for chance.

    A reader occupies one for its latency, of each latency and step. The number of many independent
    readers varies by about the square root of the mean.
    """
    mean = readers * latency_ms / (latency_ms + step_ms)
    return min(readers, math.ceil(mean + _DEVIATIONS * math.sqrt(mean)) + 1)


def _epoch_s(scenario: Scenario, samples_per_s: float) -> float:
    """Return about the time of an epoch whose rate grows evenly over the ramp."""
    samples, ramp_s = scenario.samples, scenario.ramp_s
    if samples < samples_per_s * ramp_s / 2:
        return math.sqrt(2 * samples * ramp_s / samples_per_s)
    return samples / samples_per_s + ramp_s / 2


def _short_run(scenario: Scenario) -> Outcome:
    """Return the outcome of so many samples that each reader reads some times."""
    together = scenario.readers * scenario.door.samples_per_request
    samples = min(max(_EACH * together, _LEAST), max(_MOST, 2 * together), scenario.samples)
    return simulate(replace(scenario, samples=samples))
