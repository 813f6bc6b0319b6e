"""What a pipeline takes on the user's own photographs, here: CPU, bytes and memory.

A process of its own does it (`probe`), because memory is counted from where a process starts, and numpy
learns how many threads it may have as it is imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from preprocessing import Pipeline

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Unmeasured(Exception):
    """What cannot be measured, and why."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one object takes, on average over the samples.

    Parameters
    ----------
    ms : float
        Milliseconds of CPU, decode to encode, on one thread of this machine: of each sample the median
        of its runs, and of those the mean, because N objects cost N times the mean.
    bytes_in, bytes_out : float
        Mean length of the originals, and of the results.
    base_mb : float
        MiB of a process that has imported what it needs.
    working_mb : float
        MiB above that, at the peak of the sample that takes most.
    samples : int
    """

    ms: float
    bytes_in: float
    bytes_out: float
    base_mb: float
    working_mb: float
    samples: int


def measure_samples(
    pipeline: Pipeline, samples: Sequence[Path], preload: Sequence[str] = ()
) -> Measured:
    """Run a pipeline over files, in a new process, and tell what it took.

    Parameters
    ----------
    pipeline : Pipeline
    samples : sequence of Path
        At least one.
    preload : sequence of str
        Modules that the function has imported before the first object: they take memory too.

    Raises
    ------
    Unmeasured
        Naming the sample that cannot be prepared, or saying that this system does not tell a process's
        memory: Linux does.
    """
    asked = {
        "pipeline": str(pipeline),
        "samples": [str(path.absolute()) for path in samples],
        "preload": list(preload),
    }
    done = subprocess.run(
        [sys.executable, "-m", "jitprep.costs.probe"],
        input=json.dumps(asked),
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unmeasured(done.stderr.strip().rpartition("\n")[2])
    told = json.loads(done.stdout)
    return Measured(
        ms=fmean(median(one["ms"]) for one in told["samples"]),
        bytes_in=fmean(one["bytes_in"] for one in told["samples"]),
        bytes_out=fmean(one["bytes_out"] for one in told["samples"]),
        base_mb=told["base_mb"],
        working_mb=told["peak_mb"] - told["base_mb"],
        samples=len(samples),
    )
