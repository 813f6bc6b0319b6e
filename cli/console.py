"""What the commands share: where they write, and how they end badly."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console

from preprocessing import Pipeline, SpecError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(message: str) -> NoReturn:
    """Print why, and end with status 1."""
    err.print(f"[red]error:[/] {message}", soft_wrap=True)
    raise typer.Exit(1)


def parse(spec: str) -> Pipeline:
    """Parse a pipeline, or end with the reason why not."""
    try:
        return Pipeline.parse(spec)
    except SpecError as error:
        fail(str(error))
