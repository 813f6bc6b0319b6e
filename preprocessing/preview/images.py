"""Panels of images and videos of any dtype, with normalisation undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.kernels.image.pointwise import convert
from preprocessing.preview.picture import BOX, below, beside, fit_into_box
from preprocessing.transforms.image.normalize import Normalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from preprocessing.media import Array
    from preprocessing.transforms import Transform

# Most frames of a contact sheet, and its columns.
SHOWN = 9
_COLUMNS = 3
_SEAM = 4


def panel(image: Array, steps: Sequence[Transform] = ()) -> Array:
    """Return an image, (H, W, C), as a panel."""
    return fit_into_box(as_picture(image, steps))


def mask_panel(ids: Array) -> Array:
    """Return class ids, (H, W, 1), as a panel in the colours of PASCAL VOC's masks, with 0 in black."""
    return fit_into_box(mask_colours(ids[:, :, 0]), filter_="nearest_exact")


def mask_colours(ids: Array) -> Array:
    """Return the colours of class ids, (..., 3) uint8.

    They are those of ``VOClabelcolormap`` in VOC's development kit: red, green and blue take the bits
    of the id in turn, the lowest first, and each fills its bits from the highest on.

    Parameters
    ----------
    ids : ndarray of uint8 or uint16
    """
    left = np.arange(np.iinfo(ids.dtype).max + 1)
    colours = np.zeros((left.size, 3), np.uint8)
    for place in range(7, -1, -1):
        for channel in range(3):
            colours[:, channel] |= ((left >> channel & 1) << place).astype(np.uint8)
        left >>= 3
    return colours[ids]


def contact_sheet(frames: Iterable[Array], steps: Sequence[Transform] = ()) -> Array:
    """Return frames, each (H, W, C), in rows of three, as a panel."""
    side = (BOX - _SEAM * (_COLUMNS - 1)) // _COLUMNS
    cells = [fit_into_box(as_picture(frame, steps), side, side) for frame in frames]
    rows = [cells[i : i + _COLUMNS] for i in range(0, len(cells), _COLUMNS)]
    return below([beside(row, _SEAM) for row in rows], _SEAM)


def chosen(frames: int, most: int = SHOWN) -> list[int]:
    """Return the frames that stand for a video: the middles of equal parts of it, or all."""
    shown = min(frames, most)
    return [(2 * i + 1) * frames // (2 * shown) for i in range(shown)]


def as_picture(image: Array, steps: Sequence[Transform] = ()) -> Array:
    """Return an image of any dtype as (H, W, 3) uint8 for display.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
        If it has other than 1 or 3 channels, the first is shown. Floats must be in [0, 1].
    steps : sequence of Transform
        The steps that made the image. Their normalisation is undone.
    """
    normalization = normalized_by(steps)
    if normalization is not None:
        mean, std = normalization.constants
        image = image * np.array(std, np.float32) + np.array(mean, np.float32)
    if image.shape[2] not in (1, 3):
        image = image[:, :, :1]
    return np.broadcast_to(convert(image, "uint8", scale=True), (*image.shape[:2], 3))


def normalized_by(steps: Sequence[Transform]) -> Normalize | None:
    """Return the last normalisation among the steps, if any."""
    return next((step for step in reversed(steps) if isinstance(step, Normalize)), None)
