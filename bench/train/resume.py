"""Seconds from a saved state to the next batch: ``python -m bench.train.resume``.

A loader is left in the middle of an epoch, and another one, which is given its state, begins. The rest
of the epoch must be the same samples. ``--json`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from statistics import median
from time import perf_counter

from bench.environment import occasion
from bench.train.workload import photographs
from jitprep import open_reader
from jitprep.reader.torch import Loader

_ROUNDS = 7


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.train.resume", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = {
        method: median(resumed(method) for _ in range(_ROUNDS)) for method in ("fork", "spawn")
    }
    if options.json:
        json.dump({"made": occasion("jitprep", "bench"), "seconds": found}, sys.stdout, indent=1)
        print()
        return
    for method, seconds in found.items():
        print(f"{method:6} {seconds:.2f} s from the state to the first batch")


def resumed(method: str) -> float:
    """Return the seconds until a new loader gives its first batch.

    Raises
    ------
    ValueError
        Where the two loaders do not give each sample once.
    """
    workload = photographs()
    spec = f"resize:{workload.resize}/center_crop:{workload.crop}/npy"
    reader = open_reader(f"file:{workload.folder}", pipeline=spec)

    def made() -> Loader:
        return Loader(
            reader,
            workload.keys,
            batch_size=workload.batch,
            shuffle=True,
            num_workers=workload.workers,
            start_method=method,
        )

    seen: list[str] = []
    with made() as first:
        for number, (_, keys) in enumerate(first, 1):
            seen += keys
            if number == len(first) // 2:
                break
        state = first.state_dict()
    start = perf_counter()
    with made() as second:
        second.load_state_dict(state)
        batches = iter(second)
        seen += next(batches)[1]
        seconds = perf_counter() - start
        for _, keys in batches:
            seen += keys
    if sorted(seen) != sorted(workload.keys):
        raise ValueError("the two loaders do not give each sample once")
    return seconds


if __name__ == "__main__":
    main()
