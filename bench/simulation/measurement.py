"""The measurements: every point once per round, and the service times before them."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from statistics import median, quantiles

from bench.simulation.calibration import ServiceTimes, calibrate
from bench.simulation.clients import Load, read_under
from bench.simulation.clocks import Clocks, busy_s
from bench.simulation.doors import DOORS, OpenDoor
from bench.simulation.scenes import SCENES, WORKERS, Point, Scene, readers_of
from bench.simulation.slow_store import SlowStore, slow_store


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


@dataclass
class Measured:
    """What was measured so far.

    Parameters
    ----------
    points : dict of Point to list of Figures
        One for each round.
    waiting, busy : dict of (str, str) to ServiceTimes
        By scene and door: with the scene's store, and with a store that answers at once.
    """

    points: dict[Point, list[Figures]] = field(default_factory=dict)
    waiting: dict[tuple[str, str], ServiceTimes] = field(default_factory=dict)
    busy: dict[tuple[str, str], ServiceTimes] = field(default_factory=dict)

    def middle(self, point: Point) -> Figures:
        """Return the medians of a point's rounds."""
        rounds = self.points[point]
        return Figures(
            *(
                median(getattr(one, name) for one in rounds)
                for name in ("per_s", "p50_ms", "p99_ms", "others")
            )
        )


def measure(rounds: int, seconds: float) -> Measured:
    """Measure everything.

    Parameters
    ----------
    rounds : int
    seconds : float
        Of each point in each round.
    """
    measured, random = Measured(), Random(0)  # noqa: S311  an order for each round
    for number in range(rounds):
        jobs = [partial(_scene, scene, measured, seconds) for scene in SCENES]
        for job in random.sample(jobs, len(jobs)):
            job()
        print(f"round {number + 1} of {rounds} has ended", file=sys.stderr, flush=True)
    return measured


def _scene(scene: Scene, measured: Measured, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = scene.write(folder)
        with slow_store(folder, scene.delay_s) as store:
            for door in DOORS:
                for workers in WORKERS:
                    with DOORS[door](store, keys, workers) as opened:
                        if workers == 1:
                            of = scene.name, door
                            _calibrate(measured.waiting, of, opened, store, seconds)
                            store.delay(0.0)
                            _calibrate(measured.busy, of, opened, store, seconds)
                            store.delay(scene.delay_s)
                        for readers in readers_of(workers):
                            point = Point(scene.name, door, workers, readers)
                            found = _figures(opened, store, readers, seconds)
                            measured.points.setdefault(point, []).append(found)


def _calibrate(
    known: dict[tuple[str, str], ServiceTimes],
    of: tuple[str, str],
    door: OpenDoor,
    store: SlowStore,
    seconds: float,
) -> None:
    found = calibrate(door, store, seconds)
    known[of] = known[of].with_those(found) if of in known else found


def _figures(door: OpenDoor, store: SlowStore, readers: int, seconds: float) -> Figures:
    clocks = Clocks((*door.front, *door.workers, store.pid))
    began, own, busy = time.perf_counter(), _spent(clocks), busy_s()
    load = Load(door.port, door.targets, readers, seconds, seconds / 4, door.accepting)
    reading = read_under(load)
    spent, took = busy_s() - busy - (_spent(clocks) - own), time.perf_counter() - began
    cuts = quantiles(reading.latencies_s, n=100)
    return Figures(
        per_s=len(reading.latencies_s) / reading.seconds,
        p50_ms=cuts[49] * 1000,
        p99_ms=cuts[98] * 1000,
        others=max(0.0, spent / took),
    )


def _spent(clocks: Clocks) -> float:
    """Return the CPU seconds of the measured processes, and of the readers' that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(clocks.read()) + children.ru_utime + children.ru_stime
