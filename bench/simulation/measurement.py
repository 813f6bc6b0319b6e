"""The measurements: every point once per round, and the service times before them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import product
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import TypeVar

from bench.simulation.calibration import ServiceTimes, calibrate
from bench.simulation.clients import Load, read_under
from bench.simulation.clocks import Clocks
from bench.simulation.crowding import measure_crowding
from bench.simulation.doors import DOORS, OpenDoor
from bench.simulation.quiet import QUIET, least_disturbed
from bench.simulation.scenes import SCENES, WORKERS, Point, Scene, readers_of
from bench.simulation.slow_store import SlowStore, slow_store

_T = TypeVar("_T")


@dataclass(frozen=True)
class Figures:
    """What one measurement of a point found.

    Parameters
    ----------
    per_s : float
        Requests per second.
    p50_ms, p99_ms : float
    others : float
        Processors that programs outside of the measurement took meanwhile.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    others: float


# A time of a round, and the processors that others took meanwhile.
_Disturbed = tuple[_T, float]


@dataclass
class Measured:
    """What was measured so far.

    Parameters
    ----------
    points : dict of Point to list of Figures
        One for each round.
    waiting, busy : dict of (str, str) to list of (ServiceTimes, float)
        By scene and door, for each round, with the processors that others took: with the scene's store,
        and with a store that answers at once.
    transforms : dict of str to list of (list of float, float)
        By scene, in the same way: CPU milliseconds of a transform with 1, 2, 3 and 4 processes at once.
    """

    points: dict[Point, list[Figures]] = field(default_factory=dict)
    waiting: dict[tuple[str, str], list[_Disturbed[ServiceTimes]]] = field(default_factory=dict)
    busy: dict[tuple[str, str], list[_Disturbed[ServiceTimes]]] = field(default_factory=dict)
    transforms: dict[str, list[_Disturbed[list[float]]]] = field(default_factory=dict)

    def figures(self, point: Point) -> Figures:
        """Return the medians of a point's undisturbed rounds."""
        rounds = undisturbed([(one, one.others) for one in self.points[point]])
        names = ("per_s", "p50_ms", "p99_ms", "others")
        return Figures(*(median(getattr(one, name) for one in rounds) for name in names))

    def crowding(self, scene: str) -> tuple[float, ...]:
        """Return how much longer a transform takes with 1, 2, 3 and 4 processes at once."""
        rounds = undisturbed(self.transforms[scene])
        times = [median(each) for each in zip(*rounds, strict=True)]
        return tuple(time / times[0] for time in times)


def undisturbed(rounds: Sequence[_Disturbed[_T]]) -> list[_T]:
    """Return the rounds that others did not disturb; where they disturbed all, the least disturbed."""
    most = max(QUIET, min(others for _, others in rounds))
    return [found for found, others in rounds if others <= most]


def service_times(rounds: Sequence[_Disturbed[ServiceTimes]]) -> ServiceTimes:
    """Return the values of all undisturbed rounds."""
    return reduce(ServiceTimes.with_those, undisturbed(rounds))


def measure(rounds: int, seconds: float, patience_s: float) -> Measured:
    """Measure everything.

    Parameters
    ----------
    rounds : int
    seconds : float
        Of each measurement.
    patience_s : float
        Seconds in which a measurement is repeated while other programs disturb it.
    """
    measured, random = Measured(), Random(0)  # noqa: S311  an order for each round
    combinations = list(product(SCENES, DOORS, WORKERS))
    for number in range(rounds):
        for scene, door, workers in random.sample(combinations, len(combinations)):
            bench = _Bench(scene, door, seconds, patience_s, measured)
            bench.run(workers)
        for scene in SCENES:
            _measure_transforms(scene, seconds, patience_s, measured)
        print(f"round {number + 1} of {rounds} has ended", file=sys.stderr, flush=True)
    return measured


def _measure_transforms(
    scene: Scene, seconds: float, patience_s: float, measured: Measured
) -> None:
    with tempfile.TemporaryDirectory() as name:
        scene.write(Path(name))
        found = measure_crowding(Path(name), seconds, patience_s)
        measured.transforms.setdefault(scene.name, []).append(found)


@dataclass(frozen=True)
class _Bench:
    """A scene and a door, and where their figures go."""

    scene: Scene
    door: str
    seconds: float
    patience_s: float
    measured: Measured

    def run(self, workers: int) -> None:
        """Measure all points with a number of workers, and with one the service times."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            keys = self.scene.write(folder)
            with (
                slow_store(folder, self.scene.delay_s) as store,
                DOORS[self.door](store, keys, workers) as door,
            ):
                if workers == 1:
                    self._calibrate(door, store)
                for readers in readers_of(workers):
                    point = Point(self.scene.name, self.door, workers, readers)
                    found = self._figures(door, store, readers)
                    self.measured.points.setdefault(point, []).append(found)

    def _calibrate(self, door: OpenDoor, store: SlowStore) -> None:
        clocks, of = _clocks(door, store), (self.scene.name, self.door)
        for known, delay_s in (
            (self.measured.busy, 0.0),
            (self.measured.waiting, self.scene.delay_s),
        ):
            store.delay(delay_s)
            work = partial(calibrate, door, store, self.seconds)
            found = least_disturbed(work, clocks, self.patience_s)
            known.setdefault(of, []).append(found)

    def _figures(self, door: OpenDoor, store: SlowStore, readers: int) -> Figures:
        warm_s, spread = self.seconds / 4, door.accepting
        load = Load(door.port, door.targets, readers, self.seconds, warm_s, spread)
        work = partial(read_under, load)
        reading, others = least_disturbed(work, _clocks(door, store), self.patience_s)
        cuts = quantiles(reading.latencies_s, n=100)
        return Figures(
            per_s=len(reading.latencies_s) / reading.seconds,
            p50_ms=cuts[49] * 1000,
            p99_ms=cuts[98] * 1000,
            others=others,
        )


def _clocks(door: OpenDoor, store: SlowStore) -> Clocks:
    return Clocks((*door.front, *door.workers, store.pid))
