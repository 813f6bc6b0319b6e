"""``python -m bench.doors.invoke``: what a photograph costs the function, by itself and in a batch.

One worker, as Lambda would run it, answers GetObject through an access point, single invokes and batch
invokes of the same photographs, in turn. What counts is the processor time of its process alone. Writes
docs/invoke-bench.json and the table of docs/doors/invoke.md. ``--quick`` runs fewer rounds and only
prints; ``--render`` writes the table from the JSON that is there. It needs what the tests need and takes
ten minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from io import StringIO
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bench import photos
from bench.doors.cpu_time import cpu_s, in_rounds
from bench.doors.ways import Reader, Way
from bench.environment import ROOT, occasion
from bench.report import markdown
from jitprep.emulator import Endpoint, EndpointConfig
from jitprep.emulator.testing import LocalObjectLambda
from preprocessing import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COUNT = 32
# 32 rows of the first pipeline, a preset, do not fit into one answer; those of the second do.
SPECS = ("resize:256/center_crop:224/npy", "resize:218/center_crop:192/npy")
PAGE, DATA = ROOT / "docs/doors/invoke.md", ROOT / "docs/invoke-bench.json"
BEGIN, END = "<!-- invoke: written by python -m bench.doors.invoke -->", "<!-- invoke: end -->"
_ROUNDS, _QUICK = 40, 5
_MEASURED = ("preprocessing", "handler", "jitprep", "bench")
_CONDITIONS = """\
Processor time of the worker's process, the median of {rounds} interleaved rounds over the same {count}
photographs of 500×375. {date}, commit {commit}: {machine[processor]}; Python {python};
`python -m bench.doors.invoke`, all of it in [invoke-bench.json](../invoke-bench.json)."""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.doors.invoke", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="fewer rounds; print only")
    which.add_argument(
        "--render", action="store_true", help="write the table from the existing JSON"
    )
    options = parser.parse_args()
    if not options.render:
        result = measure(_QUICK if options.quick else _ROUNDS)
        print(table(result))
        if options.quick:
            return
        DATA.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page(PAGE.read_text(), json.loads(DATA.read_text())))


def measure(rounds: int) -> dict[str, Any]:
    """Start an endpoint with one worker, and measure every way of every pipeline."""
    bodies = [photos.small(photos.SMALL[i % len(photos.SMALL)]) for i in range(COUNT)]
    config = EndpointConfig(
        port=0,
        workers=1,
        task_root=ROOT,
        worker_env={"JITPREP_BUCKETS": "photos", "JITPREP_SPILL": "large"},
        output=StringIO(),
    )
    with Endpoint(config) as endpoint:
        local = LocalObjectLambda(endpoint)
        s3 = local.client("s3")
        keys = [f"{number:02}.jpg" for number in range(COUNT)]
        for bucket in ("photos", "large"):
            s3.create_bucket(Bucket=bucket)
        for key, body in zip(keys, bodies, strict=True):
            s3.put_object(Bucket="photos", Key=key, Body=body)
        pipelines = {
            spec: _measure(Reader(local, "photos", keys, spec).ways(), spec, bodies, rounds)
            for spec in SPECS
        }
    return {
        "made": {
            **occasion(*_MEASURED),
            "rounds": rounds,
            "count": COUNT,
        },
        "pipelines": pipelines,
    }


def _measure(
    known: Sequence[Way], spec: str, bodies: Sequence[bytes], rounds: int
) -> dict[str, Any]:
    """Return the worker's CPU time per photograph in ms, by the name of the way."""
    expected = Pipeline.parse(spec).batch(bodies)
    for way in known:  # also warms them up
        np.testing.assert_array_equal(way.read(), expected, err_msg=way.name)
    worker = partial(cpu_s, worker_pid())
    ways = {way.name: way.read for way in known}
    spent = in_rounds(ways, dict.fromkeys(ways, worker), rounds, len(bodies), warm=0)
    return {
        way.name: {
            "ms": round(median(spent[way.name]), 3),
            "least": round(min(spent[way.name]), 3),
            "single": way.single,
            "invocations": way.invocations,
        }
        for way in known
    }


def worker_pid() -> int:
    """Return the process ID of the only worker that this process started."""
    tasks = Path("/proc/self/task").iterdir()
    children = [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    (worker,) = (
        pid for pid in children if b"awslambdaric" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    return worker


def table(result: Mapping[str, Any]) -> str:
    """Return the table of the cost of each way, relative to single reads."""
    head = ("", "ms per photograph", "of GetObject", "of single invokes")
    rows = []
    for spec, measured in result["pipelines"].items():
        rows.append((f"`{spec}`", "", "", ""))
        singles = [one["ms"] for one in measured.values() if one["single"]]
        rows += [
            (
                name,
                f"{one['ms']:.2f}",
                *("" if one["single"] else f"{one['ms'] / ms:.2f}" for ms in singles),
            )
            for name, one in measured.items()
        ]
    return markdown(head, rows)


def page(text: str, result: Mapping[str, Any]) -> str:
    """Return the page with the table between its marks replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    parts = (BEGIN, table(result), "", _CONDITIONS.format(**result["made"]), END)
    return before + "\n".join(parts) + after


if __name__ == "__main__":
    sys.exit(main())
