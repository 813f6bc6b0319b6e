"""Stages of single samples, in this process: the bytes of an original, then the transform of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter, process_time
from typing import Any, Protocol, runtime_checkable

import numpy as np

from jitprep.costs.inputs.measure import Measured, Unmeasured, measure_function
from jitprep.reader import BadObject, Reader
from jitprep.reader.loading.single_thread import use_one_thread
from jitprep.reader.originals import transform
from preprocessing import ImageSpec, Pipeline, PreprocessingError, Seed
from preprocessing.limits import DEFAULT_LIMITS
from preprocessing.planner.timing import measure_plan
from preprocessing.sources import load_source

_SAMPLES = 32
# Samples that a process of their own measures for a price, and whose plans are timed.
_PRICED = 4
# From this many pixels per pixel of the result on, decoding is mostly of pixels that are not needed.
_SHRINKS = 16.0


@runtime_checkable
class ReadsOriginals(Protocol):
    """A reader that has the bytes of originals."""

    def original(self, key: str) -> bytes:
        """Return the bytes of an original."""


@dataclass(frozen=True, kw_only=True)
class SampleStages:
    """Means over samples.

    Parameters
    ----------
    samples : int
    bytes_in : float
        Size of an original.
    read_ms : float
        Time until the bytes of one are there, which are requested alone.
    read_cpu_ms, transform_cpu_ms : float
        CPU time to read one, and to decode and transform it.
    shrinks : float or None
        Pixels that are decoded for each pixel of the result; None if they are not pixels.
    decode_share : float
        Share of the transform that decodes.
    measured : Measured or None
        What a price needs; None where it could not be measured.
    """

    samples: int
    bytes_in: float
    read_ms: float
    read_cpu_ms: float
    transform_cpu_ms: float
    shrinks: float | None
    decode_share: float
    measured: Measured | None

    @property
    def decodes_too_much(self) -> bool:
        """Whether smaller originals would take much less time."""
        return (self.shrinks or 0.0) >= _SHRINKS and self.decode_share >= 0.5


def measure_stages(reader: Reader, keys: Sequence[str]) -> SampleStages | None:
    """Read and transform a few samples, stage by stage.

    Returns
    -------
    SampleStages or None
        None where the reader transforms nothing, where it reads only parts of originals, as of videos,
        and where no sample is good.

    Raises
    ------
    ReadError
    """
    pipeline = reader.own_pipeline
    if pipeline is None or pipeline.seeks or not isinstance(reader, ReadsOriginals):
        return None
    use_one_thread()  # as a worker
    layout = reader.row_layout
    row = None if layout is None else np.empty(layout.shape, layout.dtype)
    bodies: list[bytes] = []
    times: list[tuple[float, float, float]] = []
    for key in keys[:: max(len(keys) // _SAMPLES, 1)][:_SAMPLES]:
        try:
            body, wall, cpu = _timed(lambda key=key: reader.original(key))  # type: ignore[misc]
            seed = Seed(0, key)
            if not bodies:  # kernels build their weights once
                transform(pipeline, body, seed, key, out=row)
            done = process_time()
            transform(pipeline, body, seed, key, out=row)
        except BadObject:
            continue
        times.append((wall, cpu, process_time() - done))
        bodies.append(body)
    if not bodies:
        return None
    read, read_cpu, transformed = (1000 * fmean(column) for column in zip(*times, strict=True))
    shrinks, decode_share = _decoding(pipeline, bodies[:_PRICED])
    return SampleStages(
        samples=len(bodies),
        bytes_in=fmean(map(len, bodies)),
        read_ms=read,
        read_cpu_ms=read_cpu,
        transform_cpu_ms=transformed,
        shrinks=shrinks,
        decode_share=decode_share,
        measured=_measured(pipeline, bodies[:_PRICED]),
    )


def _timed(work: Callable[[], bytes]) -> tuple[bytes, float, float]:
    """Return what the work returned, and its seconds and CPU seconds."""
    began, cpu = perf_counter(), process_time()
    return work(), perf_counter() - began, process_time() - cpu


def _decoding(pipeline: Pipeline, bodies: Sequence[bytes]) -> tuple[float | None, float]:
    """Return the pixels decoded per pixel of the result, and the share of the time that decodes."""
    ratios, shares = [], []
    for body in bodies:
        try:
            plan = pipeline.plan(body)
            times = measure_plan(plan, load_source(body, pipeline.kind, DEFAULT_LIMITS).content, 3)
        except PreprocessingError:
            continue
        decoded, made = plan.rows[0][1], plan.output
        if isinstance(decoded, ImageSpec) and isinstance(made, ImageSpec):
            ratios.append(_pixels(decoded) / max(_pixels(made), 1))
        shares.append(times[0] / max(sum(times), 1e-9))
    return fmean(ratios) if ratios else None, fmean(shares) if shares else 0.0


def _pixels(spec: Any) -> int:
    return (spec.height or 0) * (spec.width or 0) * getattr(spec, "count", 1)  # of all views


def _measured(pipeline: Pipeline, bodies: Sequence[bytes]) -> Measured | None:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(number) for number in range(len(bodies))]
        for file, body in zip(files, bodies, strict=True):
            file.write_bytes(body)
        try:
            return measure_function(pipeline, files)
        except Unmeasured:
            return None
