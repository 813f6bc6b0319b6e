"""``python -m bench.train``: images per second of input pipelines, on two workers.

Rows run in turn, each in a new process, for several rounds. The median of a row's epochs counts, and its
ratio to the median of torchvision's tensors. ``--json`` prints JSON, with the machine and the versions;
``--row`` chooses rows. A row whose requirements are not installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from random import Random
from statistics import median
from typing import Any

from bench.environment import ROOT, clean, occasion
from bench.train.rows import BASELINE, ROWS, Row
from bench.train.workload import photographs

# Each worker computes with one thread. A row whose library has threads of its own sets their number.
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
_ROUNDS, _EPOCHS = 5, 2


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.train", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="processes of each row")
    parser.add_argument("--row", action="append", help="only this row; may be given several times")
    options = parser.parse_args()
    rows = [row for row in ROWS if not options.row or row.name in options.row]
    if not rows:
        parser.error(f"there are only the rows {', '.join(row.name for row in ROWS)}")
    photographs()
    left_out = {row.name: why for row in rows if (why := row.missing)}
    for name, why in left_out.items():
        print(f"{name} is left out: it needs {why}", file=sys.stderr)
    rows = [row for row in rows if row.name not in left_out]
    runs = interleaved(rows, options.rounds)
    found = {name: summary(made) for name, made in runs.items()}
    if BASELINE in found:
        for row in found.values():
            row["ratio"] = row["images_per_s"] / found[BASELINE]["images_per_s"]
    if options.json:
        made = occasion("preprocessing", "jitprep", "bench") | {"rounds": options.rounds}
        versions = {
            package: version
            for made_ in runs.values()
            for package, version in made_[0]["versions"].items()
        }
        whole = {"made": made | {"versions": versions}, "rows": found, "left_out": left_out}
        json.dump(whole, sys.stdout, indent=1)
        print()
        return
    for name, row in found.items():
        ratio = f"{row['ratio']:.2f}" if "ratio" in row else "-"
        print(f"{name:<24}{row['images_per_s']:>8.0f} images/s  {ratio:>5}", end="")
        print(f"  {row['least']:>6.0f} to {row['most']:.0f}  {row['cpu_ms']:.2f} ms of CPU")


def interleaved(rows: list[Row], rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Measure each row once per round, in a random order."""
    runs: dict[str, list[dict[str, Any]]] = {row.name: [] for row in rows}
    order, random = list(rows), Random(1)  # noqa: S311  the order is not a secret
    for number in range(rounds):
        random.shuffle(order)
        for row in order:
            print(f"round {number + 1} of {rounds}: {row.name}", file=sys.stderr, flush=True)
            runs[row.name].append(_in_child(row))
    return runs


def summary(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Return the median, the least and the most images per second, and the CPU time per image in ms."""
    speeds = [run["images"] / seconds for run in runs for seconds in run["seconds"]]
    cpu = [seconds / run["images"] for run in runs for seconds in run["cpu_s"]]
    return {
        "images_per_s": median(speeds),
        "least": min(speeds),
        "most": max(speeds),
        "cpu_ms": median(cpu) * 1000,
    }


def _in_child(row: Row) -> dict[str, Any]:
    python = ROOT / row.environment / "bin/python"
    done = subprocess.run(
        [str(python), "-m", "bench.train.child", row.name, str(_EPOCHS)],
        cwd=ROOT,
        env=clean() | _ONE_THREAD | {"PYTHONPATH": os.fspath(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
