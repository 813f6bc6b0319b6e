"""Measurement of a pipeline on the user's samples: CPU time, bytes and memory.

It runs in a process of its own (`probe`), because peak memory is counted per process, and NumPy fixes
its number of threads at import.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, median

from preprocessing import Pipeline
from preprocessing.cancellation import checkpoint

# Modules that the function imports before its first event, and the MiB that they take: 5.2 in a probe,
# and 4.2 in a worker of the local endpoint after its reads, with either client of the Runtime API.
FUNCTION_MB = 5.0
_FUNCTION = ("awslambdaric", "handler.app")
_LIBRARIES = ("awslambdaric", "pybase64")

_LOOK_S = 0.1  # how often a wait looks whether it is cancelled
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Unmeasured(Exception):
    """The measurement failed; the message says why."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Resources of one object, averaged over the samples.

    Parameters
    ----------
    ms : float
        CPU time in milliseconds, from decode to encode, on one thread of this machine. It is the mean
        over samples of the median of their runs: N objects cost N times the mean.
    bytes_in, bytes_out : float
        Mean size of originals and of results.
    gets : float
        Mean number of requests to S3 that a read of one object sends, one after the other: 1, or
        more for a video, which the service reads in ranges.
    range_bytes : float
        Mean bytes that these requests read. A row of a batch is read whole, by one request.
    base_mb : float
        Memory in MiB of a process after its imports.
    working_mb : float
        Peak memory in MiB above that, over all samples.
    samples : int
    """

    ms: float
    bytes_in: float
    bytes_out: float
    gets: float
    range_bytes: float
    base_mb: float
    working_mb: float
    samples: int


def measure_samples(
    pipeline: Pipeline, samples: Sequence[Path], preload: Sequence[str] = ()
) -> Measured:
    """Run a pipeline over files in a new process, and return what it took.

    Parameters
    ----------
    pipeline : Pipeline
    samples : sequence of Path
        At least one.
    preload : sequence of str
        Modules that the function imports before the first object, and that take memory too.

    Raises
    ------
    Unmeasured
        Where a sample cannot be processed, or the system is not Linux, which reports a process's
        memory.
    """
    return _measure_each(pipeline, samples, preload)[0]


def _measure_each(
    pipeline: Pipeline, samples: Sequence[Path], preload: Sequence[str]
) -> tuple[Measured, tuple[float, ...]]:
    """Return what the samples took, and the CPU time of each in milliseconds."""
    asked = {
        "pipeline": str(pipeline),
        "samples": [str(path.absolute()) for path in samples],
        "preload": list(preload),
    }
    measured = json.loads(_probed(json.dumps(asked), _modules_of_steps(pipeline)))
    means = {
        name: fmean(one[name] for one in measured["samples"])
        for name in ("bytes_in", "bytes_out", "gets", "range_bytes")
    }
    each_ms = tuple(median(one["ms"]) for one in measured["samples"])
    together = Measured(
        **means,
        ms=fmean(each_ms),
        base_mb=measured["base_mb"],
        working_mb=measured["peak_mb"] - measured["base_mb"],
        samples=len(samples),
    )
    return together, each_ms


def _probed(asked: str, modules: Sequence[str]) -> str:
    """Return what a new process answers. It ends where this thread's work is cancelled."""
    environment = {
        **os.environ,
        **_ONE_THREAD,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "JITPREP_STEPS": ",".join(modules),
    }
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "jitprep.costs.inputs.probe"],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        env=environment,
    ) as process:
        try:
            answered = _communicate(process, asked)
        except BaseException:
            process.kill()
            raise
    if process.returncode < 0:
        stopped = f"signal {-process.returncode} ended the measurement"
        raise Unmeasured(f"{stopped}; the samples may take more memory than this machine has")
    if process.returncode:
        raise Unmeasured(answered[1].strip().rpartition("\n")[2])
    return answered[0]


def _communicate(process: subprocess.Popen[str], asked: str) -> tuple[str, str]:
    """Return what a process writes, as `communicate` does, and look for a cancellation meanwhile."""
    given: str | None = asked
    while True:
        checkpoint()
        try:
            return process.communicate(given, timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            given = None  # it is on its way


def function_is_installed() -> bool:
    """Return whether the libraries that the function imports are here, to measure their memory."""
    return all(map(find_spec, _LIBRARIES))


def measure_function(pipeline: Pipeline, samples: Sequence[Path]) -> Measured:
    """Do the same with the function's libraries in memory, or with `FUNCTION_MB` assumed for them."""
    return measure_function_times(pipeline, samples)[0]


def measure_function_times(
    pipeline: Pipeline, samples: Sequence[Path]
) -> tuple[Measured, tuple[float, ...]]:
    """Return what `measure_function` does, and the CPU time of each sample in milliseconds."""
    if function_is_installed():
        return _measure_each(pipeline, samples, _FUNCTION)
    measured, each_ms = _measure_each(pipeline, samples, ())
    return replace(measured, base_mb=measured.base_mb + FUNCTION_MB), each_ms


def processor() -> str:
    """Return the name of this machine's processor, where the system has it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _modules_of_steps(pipeline: Pipeline) -> list[str]:
    """Return the modules of steps that are not part of the library, which a file may have named."""
    own = {type(step).__module__ for step in pipeline.steps if step.version is not None}
    return sorted(own)
