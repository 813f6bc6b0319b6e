"""`jitprep cost`: what reading just in time costs, and where it loses."""

from __future__ import annotations

import json
import math
import platform
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jitprep.cli.console import PIPELINE, fail, out, parse_pipeline
from jitprep.cli.demo_data.photos import photographs
from jitprep.costs import plot, report
from jitprep.costs.estimate import Estimate, to_json
from jitprep.costs.measure import Measured, Unmeasured, measure_samples
from jitprep.costs.model import TrainingPlan
from jitprep.costs.prices import ARCHS, SHIPPED, Arch, PriceError, Prices, dump_prices, load_prices
from preprocessing import Pipeline

# What the function has imported before its first event.
_FUNCTION = ("awslambdaric", "handler.app")


def cost(
    spec: Annotated[str, typer.Argument(metavar="PIPELINE", help=PIPELINE)],
    samples: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SAMPLE",
            help="Photographs like those of the data set; without any, the demo's.",
        ),
    ] = None,
    *,
    objects: Annotated[int, typer.Option(min=1, help="How many the data set has.")] = 1_000_000,
    epochs: Annotated[int, typer.Option(min=1, help="How often each is read.")] = 10,
    region: Annotated[str, typer.Option(help="Whose prices count.")] = "us-east-1",
    arch: Annotated[
        str, typer.Option(help=f"Lambda's architecture: {' or '.join(ARCHS)}.")
    ] = "arm64",
    memory: Annotated[
        str, typer.Option(metavar="MB", help="The function's; auto takes the cheapest.")
    ] = "auto",
    gpu: Annotated[
        str, typer.Option(metavar="TYPE", help="The instance that trains.")
    ] = "g5.xlarge",
    train_ms: Annotated[
        float,
        typer.Option(
            min=0,
            help="How long the instance trains on one image, all its GPUs together. Preparing the "
            "next ones meanwhile costs nothing; with 0, all of it counts as idle.",
        ),
    ] = 0.0,
    months: Annotated[float, typer.Option(min=0, help="How long stored copies are kept.")] = 1.0,
    overhead_ms: Annotated[
        float, typer.Option(min=0, help="CPU of a request beside the transform.")
    ] = 5.0,
    s3_ms: Annotated[
        float, typer.Option(min=0, help="How long the function waits for a request to S3.")
    ] = 50.0,
    speed: Annotated[
        float, typer.Option(min=0.01, help="How many times as fast as here Lambda's CPU is.")
    ] = 1.0,
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A price file, in place of the shipped one.")
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Ask AWS for its prices first, and write them to --prices."),
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw a plot of it too, as SVG."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Measure a pipeline on photographs, and compare what it costs each way, with prices of AWS's."""
    _require_finite(train_ms=train_ms, months=months, overhead_ms=overhead_ms)
    _require_finite(s3_ms=s3_ms, speed=speed)
    pipeline = parse_pipeline(spec)
    known = _refresh(prices, region, gpu) if refresh else _load(prices)
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
            stackable=pipeline.encoding.stacks and pipeline.output.nbytes is not None,
            overhead_ms=overhead_ms,
            s3_ms=s3_ms,
            speed=speed,
        ),
        prices=_of_region(known, region, gpu, prices or SHIPPED),
        measured=_measure(pipeline, samples or []),
    )
    if picture is not None:
        _write(picture, plot.render_svg(estimate))
    if as_json:
        out.print_json(json.dumps(to_json(estimate)))
        return
    _say(estimate)
    if picture is not None:
        out.print(f"the plot: {picture}", soft_wrap=True, markup=False)


def _require_finite(**options: float) -> None:
    for name, value in options.items():
        if not math.isfinite(value):
            fail(f"--{name.replace('_', '-')} is a finite number, got {value}")


def _arch(arch: str) -> Arch:
    if arch not in ARCHS:
        fail(f"--arch is {' or '.join(ARCHS)}, got {arch!r}")
    return arch


def _memory(memory: str) -> int | None:
    if memory == "auto":
        return None
    if not memory.isdecimal() or not 128 <= int(memory) <= 10_240:
        fail(f"--memory is auto or a number of megabytes from 128 to 10240, got {memory!r}")
    return int(memory)


def _load(path: Path | None) -> dict[str, Prices]:
    try:
        return load_prices(path or SHIPPED)
    except PriceError as error:
        fail(str(error))


def _of_region(known: dict[str, Prices], region: str, gpu: str, path: Path) -> Prices:
    remedy = "--refresh --prices FILE asks AWS"
    if region not in known:
        fail(f"{path} has no prices of {region}, only of {', '.join(known)}; {remedy}")
    if gpu not in known[region].instances:
        there = ", ".join(known[region].instances) or "none"
        fail(f"{path} has no price of {gpu} in {region}, only of {there}; {remedy}")
    return known[region]


def _refresh(path: Path | None, region: str, gpu: str) -> dict[str, Prices]:
    """Ask AWS for a region's prices, and put them into the file among those that it has."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  seldom needed

    from jitprep.costs.refresh import NotListed, pricing_client  # noqa: PLC0415
    from jitprep.costs.refresh import refresh as ask  # noqa: PLC0415

    if path is None:
        fail("--refresh writes the prices to a file: name it by --prices")
    known = {**_load(None), **(_load(path) if path.exists() else {})}
    types = {*(known[region].instances if region in known else ()), gpu}
    try:
        known[region] = ask(pricing_client(), region, sorted(types), known)
    except (NotListed, BotoCoreError, ClientError) as error:
        fail(f"no prices from AWS: {error}")
    _write(path, dump_prices(known))
    return known


def _measure(pipeline: Pipeline, samples: Sequence[Path]) -> Measured:
    with _files(samples) as files:
        try:
            return measure_samples(pipeline, files, _FUNCTION)
        except Unmeasured as error:
            fail(str(error))


@contextmanager
def _files(samples: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Give the samples, or where there are none the demo's photographs, while they are needed."""
    if samples:
        yield samples
        return
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
        fail(str(error))


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _say(estimate: Estimate) -> None:
    table = Table(title=report.title(estimate), title_justify="left")
    for i, heading in enumerate(report.header(estimate)):
        table.add_column(heading, justify="right" if i else "left", no_wrap=i < 6)
    for row in report.rows(estimate):
        table.add_row(*row)
    out.print(table)
    out.print("Where reading just in time loses", style="bold")
    for line in report.losses(estimate):
        out.print(f"- {line}", soft_wrap=True, markup=False)
    out.print("What it rests on", style="bold")
    for line in report.notes(estimate):
        out.print(f"- {line}", soft_wrap=True, markup=False)
