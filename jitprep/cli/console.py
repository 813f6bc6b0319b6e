"""Shared by the commands: where they write, how they read paths and pipelines, and how they fail."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress

from jitprep.cli import stdout
from jitprep.service.config import config
from preprocessing import Pipeline, SpecError
from preprocessing.names import as_text


class _Output(Console):
    """Console on standard output; where that cannot be written, the command fails in one line."""

    def print(self, *objects: Any, **options: Any) -> None:
        try:
            super().print(*objects, **options)
        except OSError as error:
            stdout.fail_unwritten(error)


out = _Output(highlight=False)
err = Console(stderr=True, highlight=False)
# Help text of every argument or option that takes a pipeline.
PIPELINE = "A preset's name, or a pipeline such as resize:256/center_crop:224/npy."


def fail(message: str, status: int = 1) -> NoReturn:
    """Print an error and exit: with status 2 where the command line or the configuration is wrong."""
    shown = "\n".join(map(as_text, message.split("\n")))
    err.print(f"[red]error:[/] {escape(shown)}", soft_wrap=True)
    raise typer.Exit(status)


def report_failure(what: str, reason: str) -> None:
    """Print one failure; the command continues with the rest."""
    line = f"[red]failed:[/] {escape(as_text(what))}: {escape(as_text(reason))}"
    err.print(line, soft_wrap=True)


def os_reason(error: OSError, path: Path) -> str:
    """Return why the system refused, for a line that already names `path`."""
    if error.strerror is None:
        return str(error)
    elsewhere = error.filename is not None and Path(error.filename) != path
    return f"{error.filename}: {error.strerror}" if elsewhere else error.strerror


def fail_to_write(path: Path, error: OSError) -> NoReturn:
    """Exit because an output file cannot be written."""
    fail(f"{path} cannot be written: {error.strerror or error}")


def progress() -> Progress:
    """Return a progress bar that counts items, and is removed when it ends."""
    return Progress(
        *Progress.get_default_columns(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,  # or it would print an empty line
    )


def parse_path(text: str) -> Path:
    """Return a path; fail for an empty one, which `Path` reads as the current folder."""
    if not text:
        fail("a path is empty; write . for the current folder", 2)
    return Path(text)


def pipeline_argument(text: str) -> Pipeline:
    """Return the pipeline of a preset, or the one that the text spells; fail where it is wrong."""
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
