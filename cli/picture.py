"""The demonstration's picture: each photograph before and after each pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from preprocessing import Transform
from preprocessing.preview import as_picture

_CELL = 200
_MARGIN = 10
_CAPTION = 22


def draw(
    path: Path,
    headings: Sequence[str],
    columns: Sequence[tuple[str, Sequence[Image.Image]]],
) -> None:
    """Write a sheet of pictures as PNG: a column a photograph, a row a stage under its heading."""
    width = _MARGIN + (_CELL + _MARGIN) * len(columns)
    height = (_CAPTION + _CELL + _MARGIN) * len(headings) + _MARGIN
    sheet = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for row, heading in enumerate(headings):
        top = _MARGIN + (_CAPTION + _CELL + _MARGIN) * row
        for column, (name, pictures) in enumerate(columns):
            left = _MARGIN + (_CELL + _MARGIN) * column
            picture = pictures[row]
            label = f"{name}, {picture.width} x {picture.height}" if row == 0 else heading
            pen.text((left, top), label, "dimgray", font)
            shown = picture.copy()
            shown.thumbnail((_CELL, _CELL))
            sheet.paste(shown, (left, top + _CAPTION))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def as_image(body: bytes, content_type: str, steps: Sequence[Transform] = ()) -> Image.Image:
    """Return what a client received as a picture; `steps` tell how a tensor was normalised."""
    if content_type.startswith("image/"):
        return Image.open(BytesIO(body)).convert("RGB")
    tensor = np.load(BytesIO(body), allow_pickle=False)
    return Image.fromarray(np.ascontiguousarray(as_picture(tensor.transpose(1, 2, 0), steps)))
