"""`jitprep plan`: print how a pipeline would run on a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from jitprep.cli.console import PIPELINE, fail, os_reason, out, parse_path, pipeline_argument
from preprocessing import Limits, Pipeline, Plan, PreprocessingError
from preprocessing.planner.timing import measure_plan
from preprocessing.sources import load_source

# Enough runs for the shortest to be that of a warm cache.
_REPEATS = 20


def plan(
    spec: Annotated[str, typer.Argument(metavar="PIPELINE", help=PIPELINE)],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", parser=parse_path, help="The source. Only its header is read."
        ),
    ],
    *,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random transforms.")] = 0,
    time: Annotated[
        bool, typer.Option("--time", help="Also run the plan, and print each stage's time.")
    ] = False,
) -> None:
    """Print the physical plan: stages, their shapes, and the rewrites."""
    pipeline = pipeline_argument(spec)
    try:
        physical = pipeline.plan(file, seed=seed)
        times = _times(pipeline, physical, file) if time else ()
    except PreprocessingError as error:
        fail(f"{file}: {error}")
    except OSError as error:
        fail(f"{file}: {os_reason(error, file)}")
    out.print(f"{pipeline}  fingerprint {pipeline.fingerprint}", soft_wrap=True, markup=False)
    out.print(str(physical), soft_wrap=True, markup=False)
    if time:
        out.print(_table(physical, times))


def _times(pipeline: Pipeline, physical: Plan, file: Path) -> tuple[float, ...]:
    return measure_plan(physical, load_source(file, pipeline.kind, Limits()).content, _REPEATS)


def _table(physical: Plan, times: tuple[float, ...]) -> Table:
    table = Table("stage", "ms", title=f"least of {_REPEATS} runs")
    table.columns[1].justify = "right"
    names = [what.partition("(")[0] for what, _ in physical.rows]
    for name, ms in zip([*names, physical.encoding.name], times, strict=True):
        table.add_row(name, f"{ms:.3f}")
    table.add_section()
    table.add_row("all", f"{sum(times):.3f}")
    return table
