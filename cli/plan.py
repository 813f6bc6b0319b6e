"""`jitprep plan`: how a pipeline would be run on a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import fail, out, parse
from preprocessing import PreprocessingError


def plan(
    spec: Annotated[
        str, typer.Argument(help="A pipeline, such as resize:256/center_crop:224/npy.")
    ],
    file: Annotated[Path, typer.Argument(help="An image; only its header is read.")],
) -> None:
    """Print the physical plan: each stage, what it leaves, and the rewrites."""
    pipeline = parse(spec)
    try:
        physical = pipeline.plan(file)
    except (PreprocessingError, OSError) as error:
        fail(f"{file}: {error}")
    out.print(f"{pipeline}  fingerprint {pipeline.fingerprint}", soft_wrap=True, markup=False)
    out.print(str(physical), soft_wrap=True, markup=False)
