"""`jitprep preview`: draw a file before and after a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jitprep.cli.console import (
    PIPELINE,
    fail,
    fail_to_write,
    os_reason,
    out,
    parse_path,
    pipeline_argument,
)
from preprocessing import PreprocessingError


def preview(
    spec: Annotated[str, typer.Argument(metavar="PIPELINE", help=PIPELINE)],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", parser=parse_path, help="An image, a video, a sound or a text."
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            parser=parse_path,
            help="The file to write: .html for any kind, or .png for all kinds but text.",
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of random transforms.")] = 0,
) -> None:
    """Draw a file before and after a pipeline.

    Images are drawn as pictures, sound as waveforms and spectrograms, video as contact sheets, and text
    as text.
    """
    pipeline = pipeline_argument(spec)
    try:
        shown = pipeline.preview(file, seed=seed)
    except PreprocessingError as error:
        fail(f"{file}: {error}")
    except OSError as error:
        fail(f"{file}: {os_reason(error, file)}")
    try:
        shown.save(target)
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail_to_write(target, error)
    out.print(shown.caption, soft_wrap=True, markup=False)
