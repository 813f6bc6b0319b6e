"""The commands and their help."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from jitprep.cli import backfill, cost, demo, plan, preview, run, up
from jitprep.cli.console import out

app = typer.Typer(name="jitprep", no_args_is_help=True, pretty_exceptions_enable=False)
app.command("up")(up.up)
app.command("run")(run.run)
app.command("backfill")(backfill.backfill)
app.command("plan")(plan.plan)
app.command("preview")(preview.preview)
app.command("cost")(cost.cost)
app.command("demo")(demo.demo)


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
