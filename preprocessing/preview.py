"""What a notebook shows: a pipeline's steps, and a picture before and after."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encodings.png import write_png
from preprocessing.kernels.pointwise import convert
from preprocessing.pipeline import Pipeline
from preprocessing.transforms import Normalize, Resize

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
    before = Pipeline([])(source, limits=limits).transpose(1, 2, 0)
    result = pipeline(source, limits=limits)
    after = result.transpose(1, 2, 0) if pipeline.encoding.axes == "chw" else np.atleast_3d(result)
    shown = [_fit(as_picture(before)), _fit(as_picture(after, pipeline))]
    caption = f"{pipeline}: {_sides(before)} to {_sides(after)} {result.dtype}"
    if _normalization(pipeline) is not None:
        caption += ", shown with its normalisation undone"
    return Preview(write_png(_beside(shown), small=False), caption)


def as_picture(image: Array, pipeline: Pipeline | None = None) -> Array:
    """Return an image of any type as (H, W, 3) uint8, to be looked at.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Of other than 1 or 3 channels the first is shown. Floats are taken to be in [0, 1].
    pipeline : Pipeline, optional
        What made the image; its normalisation is undone.
    """
    normalization = _normalization(pipeline)
    if normalization is not None:
        mean, std = normalization.constants
        image = image * np.array(std, np.float32) + np.array(mean, np.float32)
    if image.shape[2] not in (1, 3):
        image = image[:, :, :1]
    if image.dtype != np.uint8:
        image = convert(image, "uint8", scale=True)
    return np.broadcast_to(image, (*image.shape[:2], 3))


def _normalization(pipeline: Pipeline | None) -> Normalize | None:
    steps = pipeline.steps if pipeline else ()
    return next((step for step in reversed(steps) if isinstance(step, Normalize)), None)


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
    width = max(1, round(picture.shape[1] * _HEIGHT / picture.shape[0]))
    return Pipeline([Resize((_HEIGHT, width))])(picture).transpose(1, 2, 0)


def _beside(pictures: list[Array]) -> Array:
    gap = np.full((_HEIGHT, _GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.concatenate(parts, axis=1)
