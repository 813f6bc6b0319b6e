"""The commands: their names, one line of help each, and the extras that they need.

A command's module is imported when the command runs, so that `jitprep run` needs neither a server nor
an AWS SDK.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from jitprep.cli.console import fail, out

_OURS = ("jitprep", "preprocessing", "handler")


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """A command as `jitprep --help` lists it.

    Parameters
    ----------
    summary : str
        First line of the command's own help.
    extras : str
        What to install for it, as in ``pip install 'jitprep[EXTRAS]'``.
    passes_on : bool
        Whether it reads its command line itself, ``--help`` included, from the context's ``args``.
    """

    summary: str
    extras: str = "cli"
    passes_on: bool = False


# As they are typed, in their order.
_PASSED_ON = {
    "allow_extra_args": True,
    "allow_interspersed_args": False,
    "help_option_names": [],
    "ignore_unknown_options": True,
}

COMMANDS = {
    "up": ListedCommand("Serve S3 with Object Lambda on one URL, until Ctrl-C.", "cli,emulator"),
    "play": ListedCommand(
        "Open a page on which pipelines are built and tried, until Ctrl-C.", "play"
    ),
    "run": ListedCommand("Run a pipeline over local files and folders."),
    "backfill": ListedCommand("Run a pipeline over a bucket, and store the results.", "backfill"),
    "serve": ListedCommand(
        "Serve objects, transformed as they are read, by S3's read API.", "server", passes_on=True
    ),
    "read": ListedCommand(
        "Measure what a loader gives on this machine, where the time goes, and what to change."
    ),
    "plan": ListedCommand("Print the physical plan: stages, their shapes, and the rewrites."),
    "preview": ListedCommand("Draw a file before and after a pipeline."),
    "cost": ListedCommand(
        "Measure a pipeline on your files, and say where to prepare them, and what each place costs."
    ),
    "simulate": ListedCommand(
        "Measure a pipeline, and simulate an epoch of many readers through one door."
    ),
    "demo": ListedCommand("Read images, sound, video and text through access points.", "demo"),
}


class CommandGroup(TyperGroup):
    """Group that imports a command when it is run or completed, and not to list it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the command and its arguments."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, name and load_command(name), rest


def load_command(name: str) -> Any:
    """Import a command; end with status 2 where its extras are not installed."""
    try:
        function = getattr(import_module(f"jitprep.cli.{name}"), name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing.partition(".")[0] in _OURS:
            raise
        extras = COMMANDS[name].extras
        fail(
            f"jitprep {name} needs {missing}, which is not installed: pip install 'jitprep[{extras}]'",
            2,
        )
    alone = typer.Typer(add_completion=False)
    text = inspect.getdoc(function) or ""
    settings = _PASSED_ON if COMMANDS[name].passes_on else None
    paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    alone.command(name, help=paragraphs, context_settings=settings)(function)
    return typer.main.get_command(alone)


app = typer.Typer(
    name="jitprep", cls=CommandGroup, no_args_is_help=True, pretty_exceptions_enable=False
)
for _name, _listed in COMMANDS.items():
    app.command(_name, help=_listed.summary)(lambda: None)


def _version(*, asked: bool) -> None:
    if asked:
        out.print(f"jitprep {version('jitprep')}", markup=False)
        raise typer.Exit


@app.callback()
def jitprep(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _version(asked=asked),
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Just-in-time preprocessing of training data at the S3 read."""
