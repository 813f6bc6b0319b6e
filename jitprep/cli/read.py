"""`jitprep read`: measure what a loader gives on this machine, and what to change."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from jitprep.cli.console import PIPELINE, fail, out, parse_path, pipeline_argument
from jitprep.cli.reading.measurement import LoaderRun, run_loader
from jitprep.cli.reading.processes import counts_processes
from jitprep.cli.reading.stages import measure_stages
from jitprep.cli.reading.verdict import judge
from jitprep.cli.reports.loader import LoaderReport, print_report, report_as_json
from jitprep.reader import CannotOpen, Reader, ReaderError, open_reader
from jitprep.reader.loading.overflow.opening import MAX_REMOTE, open_overflow
from jitprep.reader.loading.selection import select_samples
from jitprep.reader.loading.workers import worker_count


def read(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="What open_reader takes, such as file:photos or s3://BUCKET/PREFIX.",
        ),
    ],
    *,
    pipeline: Annotated[
        str | None, typer.Option(metavar="PIPELINE", help=f"{PIPELINE} For originals and lambda:.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A preset of the server, of the function, or of this machine."
        ),
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Endpoint in place of AWS's own.")
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=parse_path,
            help="CSV or Parquet file with a column key. Default: the first keys of a listing.",
        ),
    ] = None,
    batches: Annotated[int, typer.Option(min=1, help="Batches to read.")] = 100,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples per batch.")] = 32,
    workers: Annotated[
        str,
        typer.Option(
            metavar="N", help="Worker processes; auto for as many as this process's CPUs."
        ),
    ] = "auto",
    step_ms: Annotated[
        float | None,
        typer.Option(
            min=0, help="Time that your model takes per batch. Default: none, as fast as possible."
        ),
    ] = None,
    overflow: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Door that makes what this machine cannot make in time."
        ),
    ] = None,
    max_remote: Annotated[
        int, typer.Option(min=1, help="Samples that the overflow may have under way.")
    ] = MAX_REMOTE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure what a loader gives on this machine, where the time goes, and what to change.

    Batches are read as training reads them, in random order, and dropped. PyTorch is not needed.
    """
    if step_ms is not None and not math.isfinite(step_ms):
        fail(f"--step-ms must be a finite number, got {step_ms}", 2)
    try:
        made = None if pipeline is None else pipeline_argument(pipeline)
        reader = open_reader(address, pipeline=made, preset=preset, endpoint_url=endpoint_url)
        number = worker_count(int(workers) if workers.isdecimal() else workers)
        if overflow is not None and not number:
            fail("--overflow needs worker processes; give --workers 1 or more", 2)
        remote = None if overflow is None else open_overflow(overflow, reader, max_remote)
    except CannotOpen as error:
        fail(str(error).partition(" Valid forms:\n")[0], 2)
    except ValueError as error:
        fail(str(error).replace("num_workers", "--workers"), 2)
    if not counts_processes():
        fail("the CPU time of workers is measured on Linux only; run it there, or in a container")
    try:
        keys = _keys(reader, address, manifest, batches * batch_size)
        run = run_loader(
            reader,
            keys,
            batch_size=batch_size,
            workers=number,
            step_ms=step_ms or None,
            overflow=remote,
        )
        report = _report(reader, address, keys, batches, run)
    except (ReaderError, OSError) as error:
        fail(str(error))
    if as_json:
        out.print_json(json.dumps(report_as_json(report)))
    else:
        print_report(report)


def _keys(reader: Reader, address: str, manifest: Path | None, most: int) -> Sequence[str]:
    if manifest is None:
        keys: Sequence[str] = list(islice(reader.keys(), most))
    else:
        try:
            keys = select_samples(reader, None, None, manifest, (), ()).keys[:most]
        except (OSError, ValueError) as error:
            fail(str(error), 2)
    if not keys:
        fail(f"{manifest or address} has no keys, so there is nothing to measure")
    return keys


def _report(
    reader: Reader, address: str, keys: Sequence[str], asked: int, run: LoaderRun
) -> LoaderReport:
    # After the run, because a store's threads do not survive the fork of its workers.
    stages = measure_stages(reader, keys)
    pipeline = reader.own_pipeline
    return LoaderReport(
        address=address,
        pipeline=None if pipeline is None else str(pipeline),
        asked=asked,
        run=run,
        stages=stages,
        verdict=judge(run, pipeline, stages),
    )
