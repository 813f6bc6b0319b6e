"""``python -m bench.backfill``: memory, time and disk to plan a backfill, by the number of originals.

An S3 of this process lists keys of 27 characters, and every second one has a copy; nothing is sent. Each
row is a process of its own, which takes the tasks as an engine does, and pickles each. ``--json`` prints
JSON, with the machine; ``--millions 1,4`` measures other numbers than 2 and 10 million.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.backfill.listed_s3 import FOLDER, PREFIX, SOURCE, TARGET, ListedS3
from bench.environment import occasion
from jitprep.backfill.engines.look_ahead import LookAhead
from jitprep.backfill.job import BackfillJob
from jitprep.backfill.planning.plan import plan_tasks
from jitprep.cli import backfill as _loaded  # noqa: F401  what the command has in memory too
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline

_FORMATS = ("objects", "tar")
_MILLION = 1_000_000
# Tasks that an engine of sixteen processes has ready.
_READY = 16


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.backfill", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--millions", default="2,10", help="numbers of originals, in millions")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        form, number = options.row.split(",")
        json.dump(_measured(form, int(number)), sys.stdout)
        return
    numbers = [int(float(text) * _MILLION) for text in options.millions.split(",")]
    rows = (_row(form, number) for form in _FORMATS for number in numbers)
    if options.json:
        found = {"made": occasion("jitprep", "bench"), "rows": list(rows)}
        json.dump(found, sys.stdout, indent=1)
        print()
        return
    for row in rows:
        print(" ".join(f"{name}={value}" for name, value in row.items()), flush=True)


def _row(form: str, number: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.backfill", "--row", f"{form},{number}"]
    return dict(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))


def _measured(form: Any, number: int) -> dict[str, Any]:
    pipeline = Pipeline.parse("resize:256/npy")
    job = BackfillJob(S3Prefix(SOURCE, PREFIX), S3Prefix(TARGET, FOLDER), pipeline, format=form)
    before, begun = _peak_mb(), time.monotonic()
    disk = _Disk()
    planned = LookAhead(plan_tasks(ListedS3(number), job), _READY)
    originals = tasks = 0
    while not planned.ended:
        task = planned.take(1)
        if task is not None:
            pickle.dumps(task)
            originals += len(task.originals)
            tasks += 1
    planned.require_whole()
    assert originals == number
    return {
        "format": form,
        "originals": number,
        "tasks": tasks,
        "start_mb": before,
        "peak_mb": _peak_mb(),
        "disk_mb": disk.most_mb(),
        "seconds": round(time.monotonic() - begun, 1),
    }


def _peak_mb() -> float:
    """Return the most memory that the process has had, in MB of 1,000,000 bytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1)


class _Disk:
    """Watches the size of the open files that have no name."""

    def __init__(self) -> None:
        self._most = 0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._run, daemon=True)
        self._watch.start()

    def most_mb(self) -> float:
        """Return the largest size seen, in MB, and stop."""
        self._ended.set()
        self._watch.join()
        return round(self._most / 1e6, 1)

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            self._most = max(self._most, sum(_unnamed_files()))


def _unnamed_files() -> list[int]:
    sizes = []
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if str(file.readlink()).endswith(" (deleted)"):
                sizes.append(file.stat().st_blocks * 512)
    return sizes


if __name__ == "__main__":
    main()
