"""How much longer a transform takes while others run: the CPU time of 1, 2, 3 and 4 processes at once.

Processors share caches and memory, and processes that take turns on one processor fill its caches anew.
The processes only transform: no door is in it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

from bench.simulation.clocks import Clocks
from bench.simulation.doors import SPEC
from bench.simulation.quiet import least_disturbed
from preprocessing import Pipeline

MOST = 4


def measure_crowding(
    originals: Path, seconds: float, patience_s: float
) -> tuple[list[float], float]:
    """Return the CPU milliseconds of a transform for each number of processes at once, from one.

    The second value is the most processors that others took meanwhile.

    Parameters
    ----------
    originals : Path
        Folder with photographs.
    seconds : float
        Of each measurement.
    patience_s : float
        As of `least_disturbed`.
    """
    bodies = [path.read_bytes() for path in sorted(originals.iterdir())]
    found, most = [], 0.0
    with get_context("spawn").Pool(MOST) as pool:
        pool.starmap(_transform_for, [(bodies, 0.1)] * MOST, chunksize=1)
        clocks = Clocks(process.pid for process in pool._pool)  # type: ignore[attr-defined]
        for processes in range(1, MOST + 1):
            work = [(bodies, seconds)] * processes
            times, others = least_disturbed(
                lambda work=work: pool.starmap(_transform_for, work, chunksize=1),
                clocks,
                patience_s,
            )
            found.append(fmean(times))
            most = max(most, others)
    return found, most


def _transform_for(bodies: Sequence[bytes], seconds: float) -> float:
    """Return the CPU milliseconds of a transform in this process."""
    pipeline, ends, done = Pipeline.parse(SPEC), time.perf_counter() + seconds, 0
    began = time.process_time()
    while time.perf_counter() < ends:
        pipeline.encode(bodies[done % len(bodies)])
        done += 1
    return (time.process_time() - began) * 1000 / done
