"""The demonstration's picture: each photograph before and after each pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from preprocessing import Pipeline
from preprocessing.preview import as_picture

_CELL = 232
_MARGIN = 12
_CAPTION = 34


def draw(
    path: Path, headings: Sequence[str], rows: Sequence[tuple[str, Sequence[Image.Image]]]
) -> None:
    """Write a table of pictures as PNG: a heading over each column, a name under each row."""
    width = _MARGIN + (_CELL + _MARGIN) * len(headings)
    height = _CAPTION + (_CELL + _CAPTION) * len(rows) + _MARGIN
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    small, large = ImageFont.load_default(12), ImageFont.load_default(13)
    for column, heading in enumerate(headings):
        pen.text((_left(column), _MARGIN), heading, "black", large)
    for row, (name, pictures) in enumerate(rows):
        top = _CAPTION + (_CELL + _CAPTION) * row
        for column, picture in enumerate(pictures):
            label = f"{name}, {picture.width} x {picture.height}" if column == 0 else ""
            shown = picture.copy()
            shown.thumbnail((_CELL, _CELL))
            sheet.paste(shown, (_left(column), top + _CELL - shown.height))
            pen.text((_left(column), top + _CELL + 6), label, "dimgray", small)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def as_image(body: bytes, content_type: str, pipeline: Pipeline | None = None) -> Image.Image:
    """Return what a client received as a picture; `pipeline` tells how a tensor was normalised."""
    if content_type.startswith("image/"):
        return Image.open(BytesIO(body)).convert("RGB")
    tensor = np.load(BytesIO(body), allow_pickle=False)
    return Image.fromarray(np.ascontiguousarray(as_picture(tensor.transpose(1, 2, 0), pipeline)))


def _left(column: int) -> int:
    return _MARGIN + (_CELL + _MARGIN) * column
