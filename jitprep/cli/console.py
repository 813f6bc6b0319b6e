"""What the commands share: where they write, what a pipeline is to them, and how they end badly."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress

from jitprep.service.config import config
from preprocessing import Pipeline, SpecError
from preprocessing.names import as_text

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
# How a command's argument or option for a pipeline is described.
PIPELINE = "A preset's name, or a pipeline such as resize:256/center_crop:224/npy."


def fail(message: str, status: int = 1) -> NoReturn:
    """Print why, and end: with status 2 where the command itself is wrong."""
    shown = "\n".join(map(as_text, message.split("\n")))
    err.print(f"[red]error:[/] {escape(shown)}", soft_wrap=True)
    raise typer.Exit(status)


def report_failure(what: str, reason: str) -> None:
    """Print what could not be done, and why; the rest is done."""
    line = f"[red]failed:[/] {escape(as_text(what))}: {escape(as_text(reason))}"
    err.print(line, soft_wrap=True)


def progress() -> Progress:
    """Return a bar that shows how many of how many, and vanishes at the end."""
    return Progress(
        *Progress.get_default_columns(), MofNCompleteColumn(), console=err, transient=True
    )


def parse_pipeline(text: str) -> Pipeline:
    """Return a preset's pipeline, or the one that the text spells; or end with the reason why not."""
    try:
        presets = config().presets
    except ValueError as error:
        fail(str(error), 2)
    try:
        return Pipeline.parse(presets.get(text, text))
    except SpecError as error:
        where = f"preset {text}: " if text in presets else ""
        near = get_close_matches(text, presets, n=1)
        hint = f"; or did you mean the preset {near[0]!r}?" if near and not where else ""
        fail(f"{where}{error}{hint}", 2)
