"""`jitprep simulate`: an epoch of many readers through one door."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from jitprep.cli.console import fail, fail_to_write, out, parse_path, pipeline_argument
from jitprep.cli.costing.options import (
    MOST_S,
    MOST_WORKERS,
    ObjectsOption,
    PipelineOption,
    RegionOption,
    SamplesArgument,
    arch_or_fail,
    memory_or_fail,
)
from jitprep.cli.costing.price_files import prices_for
from jitprep.cli.costing.samples import measure_times_or_fail
from jitprep.cli.reports.simulation import print_simulation
from jitprep.costs.inputs.overheads import load_overheads
from jitprep.costs.inputs.plan import DEFAULTS, MOST_MS, MOST_OBJECTS, TrainingPlan
from jitprep.costs.inputs.prices import ARCHS
from jitprep.costs.simulation.advice import advise
from jitprep.costs.simulation.outcome import Outcome
from jitprep.costs.simulation.pictures import render_readers, render_timeline
from jitprep.costs.simulation.scenario import Scenario, Store
from jitprep.costs.simulation.setup import SETUPS, Sizing, charge_outcome
from jitprep.costs.simulation.simulate import simulate as simulate_epoch
from jitprep.costs.ways.bill import Missing
from jitprep.costs.ways.case import Case

# The picture over readers begins with so many, and has so many steps in each decade.
_FEWEST, _PER_DECADE = 10, 2
_MOST_READERS = 10**7
# Requests of an epoch that is simulated.
_MOST_REQUESTS = 10**8


def simulate(
    samples: SamplesArgument = None,
    *,
    spec: PipelineOption,
    door: Annotated[str, typer.Option(help=f"One of {', '.join(SETUPS)}.")] = "url",
    readers: Annotated[
        str, typer.Option(metavar="R", help="Requests under way at once: 1e4.")
    ] = "1000",
    objects: ObjectsOption = DEFAULTS.objects,
    step_ms: Annotated[
        float,
        typer.Option(
            min=0,
            max=MOST_MS,
            help="Time for which a reader trains on one object before it reads on.",
        ),
    ] = 0.0,
    ramp_s: Annotated[
        float, typer.Option(min=0, max=MOST_S, help="Seconds over which the readers start.")
    ] = 0.0,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1, max=_MOST_READERS, help="Environments that the account may run at once."
        ),
    ] = 1000,
    cold_start_ms: Annotated[
        float, typer.Option(min=0, max=MOST_MS, help="Time in which an environment starts.")
    ] = 1500.0,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_WORKERS,
            help="Workers of the server, or environments, in the beginning.",
        ),
    ] = 3,
    max_workers: Annotated[
        int,
        typer.Option(
            min=0, max=MOST_WORKERS, help="Most that autoscaling starts; 0 for no autoscaling."
        ),
    ] = 0,
    boot_s: Annotated[
        float, typer.Option(min=0, max=MOST_S, help="Time in which a worker starts.")
    ] = 60.0,
    s3_ms: Annotated[
        float,
        typer.Option(min=0, max=MOST_MS, help="Time that the door waits for each request to S3."),
    ] = DEFAULTS.s3_ms,
    prefixes: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_WORKERS, help="Partitions of S3 in the beginning, of 5,500 GETs/s each."
        ),
    ] = 1,
    shard: Annotated[
        int, typer.Option(min=1, max=MOST_OBJECTS, help="Objects per shard.")
    ] = DEFAULTS.shard,
    arch: Annotated[
        str, typer.Option(help=f"Architecture of Lambda: {' or '.join(ARCHS)}.")
    ] = DEFAULTS.arch,
    memory: Annotated[
        str, typer.Option(metavar="MB", help="The function's memory; auto for 1769, one vCPU.")
    ] = "auto",
    server: Annotated[
        str, typer.Option(metavar="TYPE", help="EC2 instances of servers and Managed Instances.")
    ] = DEFAULTS.server,
    region: RegionOption = "us-east-1",
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=parse_path, help="Price file in place of the built-in."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--plot", metavar="FILE", parser=parse_path, help="Write the run over time, as SVG."
        ),
    ] = None,
    picture_of_readers: Annotated[
        Path | None,
        typer.Option(
            "--plot-readers",
            metavar="FILE",
            parser=parse_path,
            help="Also simulate fewer readers, and write the results over R, as SVG.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Measure a pipeline, and simulate an epoch of many readers through one door.

    It gives the time of an epoch, refusals, latencies and dollars, and recommends a size and a ramp.
    """
    number = _readers(readers)
    if 0 < max_workers < workers:
        fail(f"--max-workers must be 0 or at least --workers ({workers}), got {max_workers}", 2)
    if door not in SETUPS:
        fail(f"--door must be one of {', '.join(SETUPS)}, got {door!r}", 2)
    pipeline = pipeline_argument(spec)
    plan = TrainingPlan(
        objects=objects,
        arch=arch_or_fail(arch),
        memory_mb=memory_or_fail(memory),
        stackable=pipeline.stacks,
        s3_ms=s3_ms,
        server=server,
        shard=shard,
    )
    known = prices_for(prices, region, (server,), refresh=False)
    measured, each_ms = measure_times_or_fail(pipeline, samples or [])
    case = Case(measured, plan, known, load_overheads())
    sizing = Sizing(
        concurrency=concurrency,
        cold_start_ms=cold_start_ms,
        workers=workers,
        max_workers=max_workers,
        boot_s=boot_s,
    )
    setup = SETUPS[door](case, each_ms, sizing)
    if isinstance(setup, Missing):
        fail(f"--door {door}: {setup.reason}", 2)
    if objects > _MOST_REQUESTS * setup.door.samples_per_request:
        fail(f"--objects {objects:,} take more than {_MOST_REQUESTS:,} requests; simulate fewer", 2)
    scenario = Scenario(
        door=setup.door,
        store=Store(prefixes=prefixes),
        readers=number,
        samples=objects,
        step_ms=step_ms * setup.door.samples_per_request,
        receive_ms=setup.receive_ms * setup.door.samples_per_request,
        ramp_s=ramp_s,
        seed=seed,
    )
    outcome = simulate_epoch(scenario)
    advice = advise(scenario)
    charges = charge_outcome(door, setup.door, outcome, case)
    over = f"{door}, {objects:,} objects, {pipeline}, by the number of readers"
    title = f"{door}, {number:,} readers, {objects:,} objects, {pipeline}"
    if picture is not None:
        _write(picture, render_timeline(title, outcome))
    if picture_of_readers is not None:
        _write(picture_of_readers, render_readers(over, _over_readers(scenario)))
    if as_json:
        table = {
            "pipeline": str(pipeline),
            "door_name": door,
            "measured": asdict(measured),
            "each_ms": each_ms,
            "scenario": asdict(scenario),
            "outcome": asdict(outcome),
            "charges": [asdict(charge) for charge in charges],
            "advice": asdict(replace(advice, outcome=replace(advice.outcome, timeline=()))),
        }
        out.print_json(json.dumps(table))
        return
    print_simulation(title, scenario, outcome, charges, advice, case)


def _readers(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 2 <= number <= _MOST_READERS or number != int(number):
        fail(f"--readers must be a whole number from 2 to 10 million, such as 1e4, got {text!r}", 2)
    return int(number)


def _over_readers(scenario: Scenario) -> list[tuple[int, Outcome]]:
    """Return outcomes from ten readers to the scenario's."""
    steps = max(1, round(_PER_DECADE * math.log10(max(scenario.readers / _FEWEST, 1))))
    fewest = min(_FEWEST, scenario.readers / 2)
    ratio = (scenario.readers / fewest) ** (1 / steps)
    numbers = sorted({max(1, round(fewest * ratio**step)) for step in range(steps + 1)})
    return [(each, simulate_epoch(replace(scenario, readers=each))) for each in numbers]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail_to_write(path, error)
