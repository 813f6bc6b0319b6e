"""What a notebook shows: a pipeline's steps, and a picture before and after."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encodings.png import write_png
from preprocessing.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from preprocessing.media import Array, ImageSpec, Limits
    from preprocessing.sources import Source

_HEIGHT = 240
_GAP = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """Before and after, side by side; a notebook draws it.

    Parameters
    ----------
    png : bytes
        The picture.
    caption : str
        The pipeline, the sizes, and how values that are no colours were shown.
    """

    png: bytes
    caption: str

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode()
        return (
            f'<figure><img src="data:image/png;base64,{data}" alt="before and after">'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the picture as PNG."""
        Path(path).write_bytes(self.png)


def preview(pipeline: Pipeline, source: Source, limits: Limits) -> Preview:
    """Draw the source, scaled to fit, beside what the pipeline makes of it."""
    before = as_picture(Pipeline([])(source, limits=limits).transpose(1, 2, 0))
    result = pipeline(source, limits=limits)
    after = result.transpose(1, 2, 0) if pipeline.encoding.axes == "chw" else np.atleast_3d(result)
    shown = [_fit(as_picture(image)) for image in (before, after)]
    caption = f"{pipeline}: {_sides(before)} to {_sides(after)} {result.dtype}"
    if result.dtype.kind == "f":
        caption += f", shown from {result.min():.3g} (black) to {result.max():.3g} (white)"
    return Preview(write_png(_beside(shown), small=False), caption)


def as_picture(image: Array) -> Array:
    """Return an image of any type as (H, W, 3) uint8; floats are spread over their own range."""
    if image.shape[2] not in (1, 3):
        image = image[:, :, :1]
    if image.dtype.kind == "f":
        low, high = float(image.min()), float(image.max())
        image = ((image - low) * (255.0 / ((high - low) or 1.0))).astype(np.uint8)
    elif image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    return np.broadcast_to(image, (*image.shape[:2], 3))


def table(pipeline: Pipeline, specs: Sequence[ImageSpec]) -> str:
    """Return the steps as an HTML table, with the image after each."""
    rows = [("decode", specs[0])]
    rows += [(repr(step), spec) for step, spec in zip(pipeline.steps, specs[1:], strict=True)]
    cells = [f"<tr><td><code>{escape(what)}</code></td><td>{spec}</td></tr>" for what, spec in rows]
    output = pipeline.output
    size = "" if output.nbytes is None else f", {output.nbytes:,} bytes"
    cells.append(
        f"<tr><td><code>{escape(repr(pipeline.encoding))}</code></td>"
        f"<td>{output.content_type}{size}</td></tr>"
    )
    return (
        f"<table><caption><code>{escape(str(pipeline))}</code></caption>"
        f"<tr><th>step</th><th>after it</th></tr>{''.join(cells)}</table>"
    )


def _sides(image: Array) -> str:
    return f"{image.shape[0]}×{image.shape[1]}"


def _fit(picture: Array) -> Array:
    """Scale a picture to the common height."""
    from preprocessing.transforms import Resize  # noqa: PLC0415

    width = max(1, round(picture.shape[1] * _HEIGHT / picture.shape[0]))
    return Pipeline([Resize((_HEIGHT, width))])(picture).transpose(1, 2, 0)


def _beside(pictures: list[Array]) -> Array:
    gap = np.full((_HEIGHT, _GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.concatenate(parts, axis=1)
