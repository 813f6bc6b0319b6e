"""What a notebook shows: a table of steps, and a picture before and after."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encodings.png import write_png
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.pointwise import convert
from preprocessing.media import ImageSpec
from preprocessing.transforms import Transform
from preprocessing.transforms.normalize import Normalize
from preprocessing.transforms.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from preprocessing.media import Array, OutputSpec, Spec

_BOX = 320
_GAP = 8


@frozen
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


def compare(before: Array, after: Array, steps: Sequence[Transform], title: str) -> Preview:
    """Draw a source beside what `steps` make of it; both are indexed (height, width, channel).

    Raises
    ------
    IncompatibleSource
        Where one of them is no image.
    """
    if before.ndim != 3 or after.ndim != 3:
        raise IncompatibleSource(
            "only images are drawn; call the pipeline to have the result itself"
        )
    shown = [_fit(as_picture(before)), _fit(as_picture(after, steps))]
    caption = f"{title}: {_sides(before)} to {_sides(after)} {after.dtype}"
    if _normalization(steps) is not None:
        caption += ", shown with its normalisation undone"
    return Preview(write_png(_beside(shown), small=False), caption)


def as_picture(image: Array, steps: Sequence[Transform] = ()) -> Array:
    """Return an image of any type as (H, W, 3) uint8, to be looked at.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        Of other than 1 or 3 channels the first is shown. Floats are taken to be in [0, 1].
    steps : sequence of Transform
        What made the image; its normalisation is undone.
    """
    normalization = _normalization(steps)
    if normalization is not None:
        mean, std = normalization.constants
        image = image * np.array(std, np.float32) + np.array(mean, np.float32)
    if image.shape[2] not in (1, 3):
        image = image[:, :, :1]
    return np.broadcast_to(convert(image, "uint8", scale=True), (*image.shape[:2], 3))


def _normalization(steps: Sequence[Transform]) -> Normalize | None:
    return next((step for step in reversed(steps) if isinstance(step, Normalize)), None)


def table(title: str, rows: Sequence[tuple[str, Spec]], encoding: str, output: OutputSpec) -> str:
    """Return the steps as an HTML table, with the image after each."""
    cells = [f"<tr><td><code>{escape(what)}</code></td><td>{spec}</td></tr>" for what, spec in rows]
    size = "" if output.nbytes is None else f", {output.nbytes:,} bytes"
    cells.append(
        f"<tr><td><code>{escape(encoding)}</code></td><td>{output.content_type}{size}</td></tr>"
    )
    return (
        f"<table><caption><code>{escape(title)}</code></caption>"
        f"<tr><th>step</th><th>after it</th></tr>{''.join(cells)}</table>"
    )


def _sides(image: Array) -> str:
    return f"{image.shape[0]}×{image.shape[1]}"


def _fit(picture: Array) -> Array:
    """Scale a picture into the box, keeping its aspect ratio, and fill up with white below."""
    height, width = picture.shape[:2]
    scale = min(_BOX / height, _BOX / width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = picture
    for stage in Resize(size).lower(ImageSpec(height, width, 3, "uint8")):
        small = stage.apply(small)
    fitted = np.full((_BOX, size[1], 3), 255, np.uint8)
    fitted[: size[0]] = small
    return fitted


def _beside(pictures: list[Array]) -> Array:
    gap = np.full((_BOX, _GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.concatenate(parts, axis=1)
