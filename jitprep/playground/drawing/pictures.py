"""Pictures on the desk: pixels that the page draws, each with what they show."""

from __future__ import annotations

import numpy as np

from jitprep.playground.desk import RGBA, Asset, Desk
from jitprep.playground.drawing.view import Frame
from preprocessing.media import Array


def put_picture(
    desk: Desk,
    pixels: Array,
    *,
    array: Array | None = None,
    size: tuple[int, int] | None = None,
    seconds: float | None = None,
    label: str = "",
) -> Frame:
    """Lay a picture down, and return its frame.

    Parameters
    ----------
    desk : Desk
    pixels : ndarray of uint8, shape (H, W, 3) or (H, W, 4)
        The fourth channel is the opacity.
    array : ndarray, optional
        What it shows, for the values under the cursor. A part of a larger array is copied, or all of
        that would be kept.
    size : (int, int), optional
        Height and width of the value, if the picture is smaller.
    seconds : float, optional
    label : str
    """
    height, width, channels = pixels.shape
    drawn = np.empty((height, width, 4), np.uint8)
    drawn[:, :, 3] = 255
    for channel in range(channels):  # faster than all at once, whose inner loops have three turns
        drawn[:, :, channel] = pixels[:, :, channel]
    if array is not None and _is_part(array):
        array = array.copy()
    asset = desk.put(Asset(drawn.tobytes(), RGBA, width, height, array))
    rows, columns = size or (height, width)
    return Frame(asset, columns, rows, width / columns, seconds, label)


def _is_part(array: Array) -> bool:
    """Whether an array is a view of memory that has much more than its values."""
    base = array.base
    return isinstance(base, np.ndarray) and base.nbytes > array.nbytes * 5 // 4
