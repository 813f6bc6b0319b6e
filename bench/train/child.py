"""``python -m bench.train.child ROW EPOCHS``: the epochs of one row, in a process of its own, as JSON.

A row's processes would otherwise work ahead, or hold memory, while another row is measured.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.train.rows import ROWS, Row
from bench.train.workload import Workload, photographs

_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure the row that the arguments name."""
    name, epochs = sys.argv[1:]
    row = next(row for row in ROWS if row.name == name)
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is not the result
    found = measured(row, photographs(), int(epochs))
    found["versions"] = {package: version(package) for package in row.packages}
    with output:
        json.dump(found, output)


def measured(row: Row, workload: Workload, epochs: int) -> dict[str, Any]:
    """Return seconds and CPU seconds of each epoch after a first one, which warms up.

    Raises
    ------
    ValueError
        Where an epoch has other images than the workload.
    """
    seconds, cpu = [], []
    with row.opened(workload) as epoch:
        for number in range(epochs + 1):
            start, before, images = perf_counter(), tree_cpu(), 0
            for batch in epoch(number):
                rows = batch[0] if isinstance(batch, list | tuple) else batch
                if rows.shape[1:] != (3, workload.crop, workload.crop):
                    raise ValueError(f"{row.name}: a batch of shape {tuple(rows.shape)}")
                images += len(rows)
            if images != len(workload.keys):
                raise ValueError(f"{row.name}: {images} images, not {len(workload.keys)}")
            seconds.append(perf_counter() - start)
            cpu.append(tree_cpu() - before)
    return {"images": images, "seconds": seconds[1:], "cpu_s": cpu[1:]}


def tree_cpu() -> float:
    """Return the CPU seconds of this process and all that live below it."""
    ticks, waiting = 0, [os.getpid()]
    while waiting:
        process = Path("/proc", str(waiting.pop()))
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            tasks = list((process / "task").iterdir())
        except OSError:  # it ended
            continue
        ticks += int(fields[11]) + int(fields[12])
        for task in tasks:
            with suppress(OSError):  # a thread that ended
                waiting += map(int, (task / "children").read_text().split())
    return ticks / _TICKS


if __name__ == "__main__":
    main()
