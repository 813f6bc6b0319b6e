"""Fields of the file from what was measured: lower quartiles, and straight lines over two sizes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import quantiles
from typing import Any

from bench.overheads.measuring import Spent
from jitprep.costs.inputs.overheads import OVERHEADS, Overhead, Overheads

# Samples of the shards that the file is about: the line of a request is for all of them.
_SHARD = 1000
_HEAD = """\
# CPU time and log bytes of a sample beside its transform; jitprep/costs/inputs/overheads.py has the
# meaning of each field. Written by
#     python -m bench.overheads --rounds {rounds}
# at commit {commit}; Python {python}, {machine[system]}, {machine[cores]} cores.
# A time is the lower quartile of interleaved rounds, since other work on the machine only adds to it.
# Everything ran on one machine, by plain HTTP and with a local S3: nothing ran on AWS, and TLS does not
# count. Log bytes are those of the lines that the function, with the template's metrics, and the server
# write; Lambda adds its own START, END and REPORT.
"""


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the intercept and the slope, neither negative, of the line that fits two points best.

    Parameters
    ----------
    points : sequence of (float, float)
        Two, with different positive abscissas, and ordinates that are not negative.
    """
    (x0, y0), (x1, y1) = points
    slope = (y1 - y0) / (x1 - x0)
    intercept = y0 - slope * x0
    if slope < 0:
        return (y0 + y1) / 2, 0.0
    if intercept < 0:
        return 0.0, (x0 * y0 + x1 * y1) / (x0**2 + x1**2)
    return intercept, slope


def lower_quartile(times: Sequence[float]) -> float:
    """Return the first quartile, not below 0: a difference of two clocks may be."""
    return max(quantiles(times, n=4, method="inclusive")[0], 0.0)


def overheads(date: str, machine: str, spent: Iterable[Spent], shard: int) -> Overheads:
    """Return the figures of all fields, each from its two sizes.

    Parameters
    ----------
    date, machine : str
    spent : iterable of Spent
    shard : int
        Samples of the shards that were read.
    """
    by_field: dict[str, list[Spent]] = {name: [] for name in OVERHEADS}
    for one in spent:
        by_field[one.field].append(one)
    made = {name: _overhead(name, sizes, shard) for name, sizes in by_field.items()}
    return Overheads(date=date, machine=machine, **made)


def _overhead(name: str, sizes: Sequence[Spent], shard: int) -> Overhead:
    made = line([(one.nbytes / 10**6, lower_quartile(one.made_ms)) for one in sizes])
    received = line([(one.nbytes / 10**6, lower_quartile(one.received_ms)) for one in sizes])
    # Of the smaller result. A batch has more rows of it.
    log_bytes = sizes[0].log_bytes * (shard / _SHARD if name.startswith("shard_") else 1)
    ms, mb_ms, receive_ms, receive_mb_ms = (round(figure, 3) for figure in (*made, *received))
    return Overhead(ms, mb_ms, receive_ms, receive_mb_ms, round(log_bytes, 1))


def dump_overheads(found: Overheads, occasion: dict[str, Any], rounds: int) -> str:
    """Return the text of the file."""
    lines = [_HEAD.format(**occasion, rounds=rounds), f'date = "{found.date}"\n']
    lines.append(f"machine = {json.dumps(found.machine)}\n\n")
    for name in OVERHEADS:
        row = ", ".join(f"{key} = {value}" for key, value in asdict(getattr(found, name)).items())
        lines.append(f"{name} = {{ {row} }}\n")
    return "".join(lines)
