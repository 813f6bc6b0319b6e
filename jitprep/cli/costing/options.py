"""Options of `jitprep cost` and `jitprep simulate`: those of both, defaults and checks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitprep.cli.console import PIPELINE, fail, parse_path
from jitprep.costs.inputs.plan import MOST_OBJECTS
from jitprep.costs.inputs.prices import ARCHS, Arch
from jitprep.costs.ways.invocation import SIZES

# Largest values of options of `jitprep simulate`, as those of a plan.
MOST_S, MOST_WORKERS = 1e7, 100_000


def parse_objects(text: str) -> int:
    """Return a whole number from 1 to 10^12, which may be written as 1200000, 1_200_000 or 1.2e6."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 1 <= number <= MOST_OBJECTS or number != int(number):
        fail(f"--objects must be a whole number from 1 to 1e12, such as 1.2e6, got {text!r}", 2)
    return int(number)


SamplesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="SAMPLE",
        parser=parse_path,
        help="Files like those of the data set. Default: the demo's photographs.",
    ),
]
PipelineOption = Annotated[str, typer.Option("--pipeline", metavar="PIPELINE", help=PIPELINE)]
ObjectsOption = Annotated[
    int, typer.Option(metavar="N", parser=parse_objects, help="Objects in the data set: 1.2e6.")
]
RegionOption = Annotated[str, typer.Option(help="AWS region whose prices apply.")]


def arch_or_fail(arch: str) -> Arch:
    """Return an architecture."""
    if arch not in ARCHS:
        fail(f"--arch must be {' or '.join(ARCHS)}, got {arch!r}", 2)
    return arch


def memory_or_fail(memory: str) -> int | None:
    """Return a memory size in MB that the template takes; None for the cheapest."""
    if memory == "auto":
        return None
    least, most = SIZES[0], SIZES[-1]
    if not memory.isdecimal() or not least <= int(memory) <= most:
        fail(
            f"--memory must be auto or a number of megabytes from {least} to {most}, got {memory!r}",
            2,
        )
    return int(memory)
