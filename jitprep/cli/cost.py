"""`jitprep cost`: what preprocessing costs in Lambda, on a server, stored, or beside the GPU."""

from __future__ import annotations

import json
import math
import platform
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from jitprep.cli.console import (
    PIPELINE,
    err,
    fail,
    fail_to_write,
    out,
    parse_path,
    pipeline_argument,
)
from jitprep.cli.demo_data.photos import photographs
from jitprep.costs.answers import plot, report
from jitprep.costs.estimate import Estimate, to_json
from jitprep.costs.inputs.measure import (
    FUNCTION_MB,
    Measured,
    Unmeasured,
    function_is_installed,
    measure_function,
)
from jitprep.costs.inputs.prices import (
    ARCHS,
    SHIPPED,
    Arch,
    PriceError,
    Prices,
    dump_prices,
    load_prices,
)
from jitprep.costs.ways.bill import TrainingPlan
from preprocessing import Pipeline

# What is assumed where no option says otherwise.
_PLAN = TrainingPlan(objects=1_000_000, stackable=False)


def cost(
    spec: Annotated[str, typer.Argument(metavar="PIPELINE", help=PIPELINE)],
    samples: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SAMPLE",
            parser=parse_path,
            help="Files like those of the data set. Default: the demo's photographs.",
        ),
    ] = None,
    *,
    objects: Annotated[int, typer.Option(min=1, help="Objects in the data set.")] = _PLAN.objects,
    epochs: Annotated[int, typer.Option(min=1, help="How often each object is read.")] = 10,
    region: Annotated[str, typer.Option(help="AWS region whose prices apply.")] = "us-east-1",
    arch: Annotated[
        str, typer.Option(help=f"Architecture of Lambda and Fargate: {' or '.join(ARCHS)}.")
    ] = _PLAN.arch,
    memory: Annotated[
        str, typer.Option(metavar="MB", help="The function's memory; auto for the cheapest.")
    ] = "auto",
    gpu: Annotated[
        str, typer.Option(metavar="TYPE", help="Instance type that trains.")
    ] = _PLAN.gpu,
    train_ms: Annotated[
        float,
        typer.Option(
            min=0,
            help="Training time per object, with all GPUs of the instance. Preparing the next objects "
            "in that time is free; with 0, all preparation leaves the GPU idle.",
        ),
    ] = _PLAN.train_ms,
    months: Annotated[
        float, typer.Option(min=0, help="How long stored copies are kept.")
    ] = _PLAN.months,
    overhead_ms: Annotated[
        float, typer.Option(min=0, help="CPU time of a request in addition to the transform.")
    ] = _PLAN.overhead_ms,
    s3_ms: Annotated[
        float, typer.Option(min=0, help="Time that the function waits for each request to S3.")
    ] = _PLAN.s3_ms,
    speed: Annotated[
        float, typer.Option(min=0.01, help="Speed of Lambda's CPU relative to this machine's.")
    ] = _PLAN.speed,
    server: Annotated[
        str, typer.Option(metavar="TYPE", help="Instance type that runs the server on EC2.")
    ] = _PLAN.server,
    utilisation: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=1,
            help="Share of the server's CPU time that is used. The rest is paid for too.",
        ),
    ] = _PLAN.utilisation,
    shard: Annotated[
        int, typer.Option(min=1, help="Objects per shard, where they are stored in tar archives.")
    ] = _PLAN.shard,
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=parse_path,
            help="Price file to use in place of the built-in one.",
        ),
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh", help="Fetch current prices from AWS first, and write them to --prices."
        ),
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            parser=parse_path,
            help="Also write a plot to this file, as SVG.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate as JSON.")] = False,
) -> None:
    """Measure a pipeline, and estimate its cost in Lambda, on a server, stored, or beside the GPU.

    The pipeline runs on the samples here. AWS's prices, with their dates, come from a price file.
    """
    _require_finite(train_ms=train_ms, months=months, overhead_ms=overhead_ms)
    _require_finite(s3_ms=s3_ms, speed=speed)
    pipeline = pipeline_argument(spec)
    known = _refresh(prices, region, {gpu, server}) if refresh else _load(prices)
    estimate = Estimate(
        pipeline=str(pipeline),
        random=pipeline.random,
        region=region,
        epochs=epochs,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=_machine(),
        plan=TrainingPlan(
            objects=objects,
            arch=_arch(arch),
            memory_mb=_memory(memory),
            gpu=gpu,
            train_ms=train_ms,
            months=months,
            stackable=pipeline.stacks,
            overhead_ms=overhead_ms,
            s3_ms=s3_ms,
            speed=speed,
            server=server,
            utilisation=utilisation,
            shard=shard,
        ),
        prices=_of_region(known, region, (gpu, server), prices or SHIPPED),
        measured=_measure(pipeline, samples or []),
    )
    if picture is not None:
        _write(picture, plot.render_svg(estimate))
    if as_json:
        out.print_json(json.dumps(to_json(estimate)))
        return
    _say(estimate)
    if picture is not None:
        out.print(f"plot: {picture}", soft_wrap=True, markup=False)


def _require_finite(**options: float) -> None:
    for name, value in options.items():
        if not math.isfinite(value):
            fail(f"--{name.replace('_', '-')} must be a finite number, got {value}")


def _arch(arch: str) -> Arch:
    if arch not in ARCHS:
        fail(f"--arch must be {' or '.join(ARCHS)}, got {arch!r}")
    return arch


def _memory(memory: str) -> int | None:
    if memory == "auto":
        return None
    if not memory.isdecimal() or not 128 <= int(memory) <= 10_240:
        fail(f"--memory must be auto or a number of megabytes from 128 to 10240, got {memory!r}")
    return int(memory)


def _load(path: Path | None) -> dict[str, Prices]:
    try:
        return load_prices(path or SHIPPED)
    except PriceError as error:
        fail(str(error))


def _of_region(known: dict[str, Prices], region: str, types: Iterable[str], path: Path) -> Prices:
    remedy = "fetch them from AWS with --refresh --prices FILE"
    if region not in known:
        fail(f"{path} has no prices for {region}, only for {', '.join(known)}; {remedy}")
    for type_ in types:
        if type_ not in known[region].instances:
            there = ", ".join(known[region].instances) or "none"
            fail(f"{path} has no price for {type_} in {region}, only for {there}; {remedy}")
    return known[region]


def _refresh(path: Path | None, region: str, types: set[str]) -> dict[str, Prices]:
    """Fetch a region's prices from AWS, and add them to those in the file."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  an extra
    except ModuleNotFoundError:
        fail("--refresh needs boto3, which is not installed: pip install 'jitprep[backfill]'", 2)
    from jitprep.costs.inputs.refresh import NotListed, pricing_client  # noqa: PLC0415
    from jitprep.costs.inputs.refresh import refresh as ask  # noqa: PLC0415

    if path is None:
        fail("--refresh writes the prices to a file; name it with --prices")
    known = {**_load(None), **(_load(path) if path.exists() else {})}
    wanted = types.union(known[region].instances if region in known else ())
    try:
        known[region] = ask(pricing_client(), region, sorted(wanted), known)
    except (NotListed, BotoCoreError, ClientError) as error:
        fail(f"AWS returned no prices: {error}")
    _write(path, dump_prices(known))
    return known


def _measure(pipeline: Pipeline, samples: Sequence[Path]) -> Measured:
    with _files(samples) as files:
        try:
            measured = measure_function(pipeline, files)
        except Unmeasured as error:
            fail(str(error))
    if not function_is_installed():
        err.print(
            f"note: the function's libraries are not installed; {FUNCTION_MB:g} MB are assumed for "
            "them",
            soft_wrap=True,
        )
    return measured


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


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail_to_write(path, error)


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _say(estimate: Estimate) -> None:
    table = Table(
        title=report.title(estimate),
        title_justify="left",
        box=box.SIMPLE_HEAD,  # these four: a terminal of 80 columns shows every column
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for i, heading in enumerate(report.header(estimate)):
        table.add_column(heading, justify="right" if i else "left", no_wrap=i < 6)
    for row in report.rows(estimate):
        table.add_row(*row)
    out.print(table)
    out.print("When not to prepare remotely", style="bold")
    for line in report.losses(estimate):
        out.print(f"- {line}", soft_wrap=True, markup=False)
    out.print("Assumptions", style="bold")
    for line in report.notes(estimate):
        out.print(f"- {line}", soft_wrap=True, markup=False)
