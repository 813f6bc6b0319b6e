"""`jitprep preview`: a file before and after a pipeline, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitprep.cli.console import PIPELINE, fail, out, parse_pipeline
from preprocessing import PreprocessingError


def preview(
    spec: Annotated[str, typer.Argument(metavar="PIPELINE", help=PIPELINE)],
    file: Annotated[Path, typer.Argument(help="An image, a video, sound or text.")],
    target: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="A .png, of text an .html; .html holds either."),
    ],
    seed: Annotated[int, typer.Option(min=0, help="What random transforms draw from.")] = 0,
) -> None:
    """Draw a file before and after: pictures, waveforms and spectrograms, contact sheets, text."""
    pipeline = parse_pipeline(spec)
    try:
        shown = pipeline.preview(file, seed=seed)
    except (PreprocessingError, OSError) as error:
        fail(f"{file}: {error}")
    try:
        shown.save(target)
    except (ValueError, OSError) as error:
        fail(str(error))
    out.print(shown.caption, soft_wrap=True, markup=False)
