"""`Picture`: a preview of panels side by side, each scaled into a box."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

import numpy as np

from preprocessing.encodings._png_writer import write_png
from preprocessing.frozen import frozen
from preprocessing.media import ImageSpec
from preprocessing.preview.base import Preview
from preprocessing.transforms.image.resize import Resize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.media import Array, DType
    from preprocessing.planner.stages import Interpolation

# Side of the square that a panel is scaled into, and white space between panels, in pixels.
BOX = 320
GAP = 8


@frozen
class Picture(Preview):
    """A preview that is a picture.

    Parameters
    ----------
    caption : str
    png : bytes
        The picture.
    """

    png: bytes

    @classmethod
    def of(cls, panels: Sequence[Array], caption: str) -> Picture:
        """Put panels side by side, each of shape (H, W, 3), uint8."""
        return cls(caption, write_png(beside(panels), small=False))

    @property
    def body(self) -> str:
        data = base64.b64encode(self.png).decode()
        return f'<img src="data:image/png;base64,{data}" alt="before and after">'

    @property
    def files(self) -> dict[str, bytes]:
        return {".png": self.png} | super().files


def scale(image: Array, height: int, width: int, filter_: Interpolation = "bilinear") -> Array:
    """Resize an image of shape (H, W, C), antialiased."""
    rows, columns, channels = image.shape
    spec = ImageSpec(rows, columns, channels, cast("DType", image.dtype.name))
    for stage in Resize((height, width), filter_).lower(spec):
        image = stage.apply(image)
    return image


def fit_into_box(
    picture: Array, height: int = BOX, width: int = BOX, filter_: Interpolation = "bilinear"
) -> Array:
    """Scale a picture, (H, W, 3) uint8, into a box, keeping its aspect ratio."""
    factor = min(height / picture.shape[0], width / picture.shape[1])
    rows, columns = (max(1, round(side * factor)) for side in picture.shape[:2])
    return scale(picture, rows, columns, filter_)


def beside(pictures: Sequence[Array], gap: int = GAP) -> Array:
    """Put pictures side by side, their tops in line, white between and below them."""
    return _row([picture.swapaxes(0, 1) for picture in pictures], gap).swapaxes(0, 1)


def below(pictures: Sequence[Array], gap: int = GAP) -> Array:
    """Put pictures one below the other, white between and to the right of them."""
    return _row(pictures, gap)


def _row(pictures: Sequence[Array], gap: int) -> Array:
    """Put pictures in line along the first axis."""
    across = max(picture.shape[1] for picture in pictures)
    along = sum(picture.shape[0] for picture in pictures) + gap * (len(pictures) - 1)
    sheet = np.full((along, across, 3), 255, np.uint8)
    start = 0
    for picture in pictures:
        sheet[start : start + picture.shape[0], : picture.shape[1]] = picture
        start += picture.shape[0] + gap
    return sheet
