"""What the commands share: where they write, and how they end badly."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress

from preprocessing import Pipeline, SpecError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(message: str, status: int = 1) -> NoReturn:
    """Print why, and end: with status 2 where the command itself is wrong."""
    err.print(f"[red]error:[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(status)


def failed(what: str, reason: str) -> None:
    """Print what could not be done, and why; the rest is done."""
    err.print(f"[red]failed:[/] {escape(what)}: {escape(reason)}", soft_wrap=True)


def progress() -> Progress:
    """Return a bar that tells how many of how many, and vanishes at the end."""
    return Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), console=err, transient=True
    )


def parse(spec: str) -> Pipeline:
    """Parse a pipeline, or end with the reason why not."""
    try:
        return Pipeline.parse(spec)
    except SpecError as error:
        fail(str(error))
