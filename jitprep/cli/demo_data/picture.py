"""Picture of the demo: each object before and after each pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from textwrap import wrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from preprocessing import Limits, Pipeline
from preprocessing.media import Array, SourceKind
from preprocessing.preview import panel, panel_before
from preprocessing.sources import load_source
from preprocessing.spec.kinds import result_kind

_CELL = 200
_MARGIN = 10
_CAPTION = 22
# Characters of text that fit in a line, and lines that fit in a cell.
_LETTERS = 42
_LINES = 17


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture and its label."""

    label: str
    picture: Image.Image


def write_sheet(path: Path, rows: Sequence[Sequence[Cell]]) -> None:
    """Write rows of labelled pictures as one PNG."""
    width = _MARGIN + (_CELL + _MARGIN) * max(map(len, rows))
    height = (_CAPTION + _CELL + _MARGIN) * len(rows) + _MARGIN
    sheet = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for row, cells in enumerate(rows):
        top = _MARGIN + (_CAPTION + _CELL + _MARGIN) * row
        for column, cell in enumerate(cells):
            left = _MARGIN + (_CELL + _MARGIN) * column
            pen.text((left, top), cell.label, "dimgray", font)
            shown = cell.picture.copy()
            shown.thumbnail((_CELL, _CELL))
            sheet.paste(shown, (left, top + _CAPTION))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def before(body: bytes, kind: SourceKind) -> Image.Image:
    """Return an object as a picture."""
    if kind == "text":
        return _written(body.decode())
    if kind == "image":  # in full size, which the label states
        return Image.open(BytesIO(body)).convert("RGB")
    return _picture(panel_before(load_source(body, kind, Limits())))


def after(body: bytes, pipeline: Pipeline) -> Image.Image:
    """Return a client's result as a picture; the pipeline ends in an image encoding, npy or text."""
    content_type = pipeline.encoding.content_type
    if content_type.startswith("text/"):
        return _written(body.decode())
    if content_type.startswith("image/"):
        return Image.open(BytesIO(body)).convert("RGB")
    array = np.load(BytesIO(body), allow_pickle=False)
    kind = result_kind(pipeline.steps, pipeline.kind)
    assert kind is not None
    if kind in {"image", "video", "index", "views"}:
        array = np.moveaxis(array, -3, -1)
    return _picture(panel(array, kind, pipeline.steps))


def _picture(pixels: Array) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels))


def _written(text: str) -> Image.Image:
    """Draw the beginning of a text."""
    picture = Image.new("RGB", (_CELL, _CELL), "whitesmoke")
    lines = [line for part in text.splitlines() for line in wrap(part, _LETTERS) or [""]]
    shown = "\n".join(lines[:_LINES])
    ImageDraw.Draw(picture).text((4, 4), shown, "black", ImageFont.load_default(9))
    return picture
