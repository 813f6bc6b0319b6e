"""Measurement of a pipeline on the user's samples, or on the demo's photographs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from jitprep.cli.console import err, fail
from jitprep.cli.demo_data.photos import photographs
from jitprep.costs.inputs.measure import (
    FUNCTION_MB,
    Measured,
    Unmeasured,
    function_is_installed,
    measure_function_times,
)
from preprocessing import Pipeline


def measure_or_fail(pipeline: Pipeline, samples: Sequence[Path]) -> Measured:
    """Return what the samples took; without any, the demo's photographs."""
    return measure_times_or_fail(pipeline, samples)[0]


def measure_times_or_fail(
    pipeline: Pipeline, samples: Sequence[Path]
) -> tuple[Measured, tuple[float, ...]]:
    """Return the same, and the CPU time of each sample in milliseconds."""
    with _files(samples) as files:
        try:
            measured, each_ms = measure_function_times(pipeline, files)
        except Unmeasured as error:
            fail(str(error))
    if not function_is_installed():
        err.print(
            f"note: the function's libraries are not installed; {FUNCTION_MB:g} MB are assumed for "
            "them",
            soft_wrap=True,
        )
    return measured, each_ms


@contextmanager
def _files(samples: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Yield the samples; without any, the demo's photographs in a temporary folder."""
    if samples:
        yield samples
        return
    if find_spec("skimage") is None:
        fail(
            "name a SAMPLE file, or get the demo's photographs with pip install 'jitprep[skimage]'",
            2,
        )
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, body in photographs().items():
            files.append(Path(folder) / name)
            files[-1].write_bytes(body)
        yield files
