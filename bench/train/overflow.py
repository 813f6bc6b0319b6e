"""Epochs with overflow on this machine: ``python -m bench.train.overflow``.

Two workers read photographs of a folder and overflow to a remote on this machine that mostly waits
(`bench.train.canned_remote`), while the consumer sleeps for each batch. Beside the loader's own share,
epochs run with a fixed number of samples under way at the remote; the best of these counts. Epochs of
all of them alternate, and medians count. ``--json`` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from random import Random
from statistics import median
from typing import Any
from unittest import mock

from bench.environment import ROOT, occasion
from bench.train.workload import Workload, photographs
from jitprep import open_reader
from jitprep.reader.loading import stream as streams
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.balance import Balance
from jitprep.reader.loading.overflow.opening import open_overflow

_STEPS_MS, _SLOTS = (1, 3, 10, 30), (8, 64, 200)
_FIXED = (0, 8, 32, 64, 200)
_EPOCHS = 3


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.train.overflow", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    workload = photographs()
    spec = f"resize:{workload.resize}/center_crop:{workload.crop}/npy"
    found = []
    for slots in _SLOTS:
        with _remote(workload, spec, slots) as address:
            for step_ms in _STEPS_MS:
                row = _compared(workload, spec, address, step_ms / 1000, slots)
                found.append({"step_ms": step_ms, "slots": slots, **row})
                print(_line(found[-1]), file=sys.stderr, flush=True)
    if options.json:
        json.dump({"made": occasion("jitprep", "bench"), "rows": found}, sys.stdout, indent=1)
        print()


def _line(row: dict[str, Any]) -> str:
    return (
        f"step {row['step_ms']:>2} ms, {row['slots']:>3} slots: {row['seconds']:.2f} s, "
        f"{row['remote']:.0f} remote; best fixed {row['best_s']:.2f} s with {row['best']} under way, "
        f"{row['best_remote']:.0f} remote; alone {row['alone_s']:.2f} s; ratio {row['ratio']:.3f}"
    )


def _compared(
    workload: Workload, spec: str, address: str, step_s: float, slots: int
) -> dict[str, float]:
    """Measure the loader's own share and the fixed ones."""
    fixed = [count for count in _FIXED if count <= slots]
    with ExitStack() as stack:
        opened = {
            count: stack.enter_context(closing(_stream(workload, spec, address, slots, count)))
            for count in (None, *fixed)
        }
        runs: dict[int | None, list[tuple[float, int]]] = {count: [] for count in opened}
        for number in range(_EPOCHS + 1):
            for count in Random(number).sample(list(opened), len(opened)):  # noqa: S311
                runs[count].append(_epoch(opened[count], workload, number, step_s))
    seconds = {count: median(taken for taken, _ in made[1:]) for count, made in runs.items()}
    remote = {count: median(there for _, there in made[1:]) for count, made in runs.items()}
    best = min(fixed, key=lambda count: seconds[count])
    return {
        "seconds": seconds[None],
        "remote": remote[None],
        "best": best,
        "best_s": seconds[best],
        "best_remote": remote[best],
        "alone_s": seconds[0],
        "ratio": seconds[None] / seconds[best],
    }


def _stream(
    workload: Workload, spec: str, address: str, slots: int, fixed: int | None
) -> streams.EpochStream:
    """Return a stream, with a fixed number of samples under way if it is given."""
    reader = open_reader(f"file:{workload.folder}", pipeline=spec)
    made = streams.EpochStream(
        reader,
        list(workload.keys),
        _order(workload),
        workers=workload.workers,
        start_method="fork",
        nbytes=2**28,
        skips=False,
        overflow=open_overflow(address, reader, slots),
    )
    kind = Balance if fixed is None else _fixed_balance(fixed)
    with mock.patch.object(streams, "Balance", kind):
        made.begin(0, 0)
    return made


def _order(workload: Workload) -> EpochOrder:
    return EpochOrder(count=len(workload.keys), batch_size=workload.batch)


def _epoch(
    stream: streams.EpochStream, workload: Workload, number: int, step_s: float
) -> tuple[float, int]:
    """Return the seconds and the remote samples of an epoch."""
    start, remote = time.perf_counter(), 0
    stream.begin(number, 0)
    for _ in range(_order(workload).batches()):
        remote += stream.take().remote
        time.sleep(step_s)
    return time.perf_counter() - start, remote


def _fixed_balance(count: int) -> type[Balance]:
    class FixedBalance(Balance):
        """Wants the same number of samples always."""

        def wanted(self, ready: int, ahead: int) -> float:  # noqa: ARG002
            return count

    return FixedBalance


@contextmanager
def _remote(workload: Workload, spec: str, slots: int) -> Iterator[str]:
    arguments = (str(workload.folder), spec, str(slots))
    with subprocess.Popen(
        [sys.executable, "-m", "bench.train.canned_remote", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


if __name__ == "__main__":
    main()
