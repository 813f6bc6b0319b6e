"""`thumbnail`: a small picture of anything that can be drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from jitprep.playground.desk import RGBA, Asset, Desk
from jitprep.playground.drawing.view import Frame
from preprocessing.media import Array

SIDE = 96


def thumbnail(desk: Desk, draw: Callable[[Desk], Frame | None]) -> Frame | None:
    """Return a picture of at most `SIDE` pixels; None where nothing is drawn.

    Parameters
    ----------
    desk : Desk
        For the small picture.
    draw : callable
        Draws the large one on another desk, which is forgotten: hundreds of them would not find room.
    """
    scratch = Desk()
    frame = draw(scratch)
    if frame is None or (large := scratch.get(frame.asset)) is None:
        return None
    picture = Image.frombuffer("RGBA", (large.width, large.height), large.body)
    picture.thumbnail((SIDE, SIDE))
    asset = desk.put(Asset(picture.tobytes(), RGBA, *picture.size))
    return Frame(asset, frame.width, frame.height, picture.width / max(frame.width, 1))


def mean_difference(desk: Desk, frame: Frame | None, other: Frame | None) -> float | None:
    """Return the mean absolute difference of two thumbnails, from 0 to 255; None without both.

    The second is scaled to the first.
    """
    pictures = [_picture(desk, each) for each in (frame, other)]
    if pictures[0] is None or pictures[1] is None:
        return None
    here, there = pictures[0], pictures[1].resize(pictures[0].size)
    return round(float(np.abs(_values(here) - _values(there)).mean()), 2)


def _picture(desk: Desk, frame: Frame | None) -> Image.Image | None:
    if frame is None or (asset := desk.get(frame.asset)) is None:
        return None
    return Image.frombuffer("RGBA", (asset.width, asset.height), asset.body)


def _values(picture: Image.Image) -> Array:
    return np.asarray(picture.convert("RGB"), np.float32)
