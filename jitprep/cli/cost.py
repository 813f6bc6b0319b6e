"""`jitprep cost`: where preprocessing belongs, and what it costs in each place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from jitprep.cli.console import fail_to_write, out, parse_path, pipeline_argument
from jitprep.cli.costing.options import (
    ObjectsOption,
    PipelineOption,
    RegionOption,
    SamplesArgument,
    arch_or_fail,
    memory_or_fail,
)
from jitprep.cli.costing.price_files import prices_for
from jitprep.cli.costing.samples import measure_or_fail
from jitprep.cli.reports.cost import print_estimate
from jitprep.costs.answers.place_map import map_places, render_map
from jitprep.costs.answers.plot import render_plot
from jitprep.costs.answers.verdict import decide, two_sentences
from jitprep.costs.estimate import estimate_now, to_json
from jitprep.costs.inputs.plan import (
    DEFAULTS,
    MOST_EPOCHS,
    MOST_GB,
    MOST_MONTHS,
    MOST_MS,
    MOST_OBJECTS,
    TrainingPlan,
)
from jitprep.costs.inputs.prices import ARCHS


def cost(
    samples: SamplesArgument = None,
    *,
    spec: PipelineOption,
    objects: ObjectsOption = DEFAULTS.objects,
    epochs: Annotated[
        int, typer.Option(min=1, max=MOST_EPOCHS, help="How often each is read.")
    ] = DEFAULTS.epochs,
    gpu: Annotated[
        str, typer.Option(metavar="TYPE", help="Instance type that trains.")
    ] = DEFAULTS.gpu,
    train_ms: Annotated[
        float,
        typer.Option(
            min=0,
            max=MOST_MS,
            help="Time for which one GPU trains on one object: GPUs × 1,000 / the images per second of "
            "your job. The instance prepares the next ones meanwhile. 0 for unknown.",
        ),
    ] = DEFAULTS.train_ms,
    packed: Annotated[
        bool, typer.Option("--packed", help="The originals are in shards already.")
    ] = False,
    shard: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_OBJECTS, help="Objects per shard, of originals or of results."
        ),
    ] = DEFAULTS.shard,
    months: Annotated[
        float, typer.Option(min=0, max=MOST_MONTHS, help="How long copies and shards are stored.")
    ] = DEFAULTS.months,
    disk_gb: Annotated[
        float | None,
        typer.Option(
            min=0, max=MOST_GB, help="Space on the trainer's own disk. Default: its type's."
        ),
    ] = None,
    private_subnet: Annotated[
        bool,
        typer.Option(
            "--private-subnet",
            help="The trainer has no route to the internet but a NAT gateway's, and reaches Lambda by "
            "PrivateLink.",
        ),
    ] = False,
    kms: Annotated[
        bool, typer.Option("--kms", help="Objects have SSE-KMS without bucket keys.")
    ] = False,
    load_balancer: Annotated[
        bool, typer.Option("--load-balancer", help="Servers are behind a load balancer.")
    ] = False,
    across_zones: Annotated[
        bool, typer.Option("--across-zones", help="Servers are in another zone than the trainer.")
    ] = False,
    server: Annotated[
        str, typer.Option(metavar="TYPE", help="Instance type of servers on EC2.")
    ] = DEFAULTS.server,
    utilisation: Annotated[
        float,
        typer.Option(
            min=0.01, max=1, help="Share of servers' CPU time that is used. The rest is paid too."
        ),
    ] = DEFAULTS.utilisation,
    arch: Annotated[
        str, typer.Option(help=f"Architecture of Lambda and Fargate: {' or '.join(ARCHS)}.")
    ] = DEFAULTS.arch,
    memory: Annotated[
        str, typer.Option(metavar="MB", help="The function's memory; auto for the cheapest.")
    ] = "auto",
    s3_ms: Annotated[
        float,
        typer.Option(min=0, max=MOST_MS, help="Time that a function waits for each request to S3."),
    ] = DEFAULTS.s3_ms,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=100,
            help="Speed of Lambda's CPU relative to this machine's. Default: 0.6 for arm64, 1 for "
            "x86_64.",
        ),
    ] = None,
    region: RegionOption = "us-east-1",
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
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=parse_path, help="Also plot dollars over epochs, as SVG."
        ),
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            parser=parse_path,
            help="Also map the best place over ms of transform and of training, as SVG.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate as JSON.")] = False,
) -> None:
    """Measure a pipeline on your files, and say where to prepare them, and what each place costs.

    The pipeline runs on the samples here. AWS's prices, with their dates, come from a price file.
    """
    pipeline = pipeline_argument(spec)
    plan = TrainingPlan(
        objects=objects,
        epochs=epochs,
        arch=arch_or_fail(arch),
        memory_mb=memory_or_fail(memory),
        gpu=gpu,
        train_ms=train_ms,
        months=months,
        stackable=pipeline.stacks,
        random=pipeline.random,
        s3_ms=s3_ms,
        lambda_speed=speed,
        server=server,
        utilisation=utilisation,
        shard=shard,
        packed=packed,
        load_balancer=load_balancer,
        across_zones=across_zones,
        private_subnet=private_subnet,
        kms=kms,
        disk_gb=disk_gb,
    )
    estimate = estimate_now(
        pipeline,
        plan,
        region,
        prices_for(prices, region, (gpu, server), refresh=refresh),
        measure_or_fail(pipeline, samples or []),
    )
    if plot is not None:
        _write(plot, render_plot(estimate))
    if map_ is not None:
        _write(map_, render_map(estimate, map_places(estimate)))
    if as_json:
        answer = two_sentences(estimate, decide(estimate))
        out.print_json(json.dumps({"answer": answer, **to_json(estimate)}))
        return
    print_estimate(estimate)
    for name, path in (("plot", plot), ("map", map_)):
        if path is not None:
            out.print(f"{name}: {path}", soft_wrap=True, markup=False)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail_to_write(path, error)
