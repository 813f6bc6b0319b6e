"""Measurement: CPU time of each way in rounds, on the training host and where a sample is made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bench.doors.counting import Counts
from bench.doors.cpu_time import in_rounds
from bench.overheads.stage import stage
from bench.overheads.ways import Way, ways_of_objects, ways_of_shards
from bench.train.samples import COUNT

# A streamed answer has at most 200 MB.
SHARD = 320
_KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Spent:
    """What was measured of a way.

    Parameters
    ----------
    field : str
    nbytes : float
        Of a sample, as in `Way`.
    made_ms, received_ms : list of float
        CPU time per sample of the worker that makes it, and of this process, each without transforms; in
        each round.
    log_bytes : float
        Per sample.
    """

    field: str
    nbytes: float
    made_ms: list[float]
    received_ms: list[float]
    log_bytes: float


def measure(rounds: int, count: int = COUNT, shard: int = SHARD) -> list[Spent]:
    """Return what each way spends at each size.

    Parameters
    ----------
    rounds : int
        A shard is read in a third of them.
    count, shard : int
        Photographs, and samples of a shard.

    Raises
    ------
    ValueError
        Where a way returns other rows than the pipeline.
    """
    os.environ.update(_KEYS)
    with tempfile.TemporaryDirectory() as name:
        counts = Counts.new(Path(name, "counts"))
        os.environ.update({"BENCH_COUNTS": str(counts.folder)})
        import_module("bench.doors.counted_transforms")
        with stage(Path(name), count, shard) as made:
            return [
                *_measured(ways_of_objects(made), counts, rounds, count),
                *_measured(ways_of_shards(made), counts, max(rounds // 3, 2), shard),
            ]


def _measured(ways: Iterable[Way], counts: Counts, rounds: int, samples: int) -> Iterable[Spent]:
    named = {f"{way.field}, {way.nbytes:.0f} bytes": way for way in ways}
    logged = {name: _log_bytes(way) / samples for name, way in named.items()}
    own = os.getpid()

    def clock(way: Way) -> Callable[[], Any]:
        made = way.remote.beside_s if way.remote else float
        return lambda: np.array([made(), counts.beside_s(own)])

    spent = in_rounds(
        {name: way.read for name, way in named.items()},
        {name: clock(way) for name, way in named.items()},
        rounds,
        samples,
        check=lambda name, made: _require_equal(named[name], made),
    )
    for name, way in named.items():
        made_ms, received_ms = np.array(spent[name]).T.tolist()
        yield Spent(way.field, way.nbytes, made_ms, received_ms, logged[name])


def _log_bytes(way: Way) -> int:
    if way.remote is None:
        return 0
    before = way.remote.logged()
    way.read()
    return way.remote.logged() - before


def _require_equal(way: Way, made: Any) -> None:
    if way.expected is None:
        return
    rows = np.concatenate(made) if isinstance(made, list) else made
    if not np.array_equal(rows, way.expected):
        raise ValueError(f"{way.field} returns other rows than the pipeline")
