"""`jitprep serve`: the HTTP server, whose command line is its own."""

from __future__ import annotations

import typer

from jitprep.server.__main__ import main


def serve(context: typer.Context) -> None:
    """Serve objects, transformed as they are read, by S3's read API."""
    raise typer.Exit(main(context.args))
