"""Points and boxes moved by a matrix, by the conventions of ``torchvision.tv_tensors``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import IDENTITY, Coefficients, compose, inverse_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


BoxFormat: TypeAlias = Literal["xyxy", "xywh", "cxcywh"]
_CORNERS = [[0, 1], [2, 1], [2, 3], [0, 3]]


@frozen
class VisibleArea:
    """An image on the way to a result, beyond whose edges nothing is seen.

    Parameters
    ----------
    coefficients : tuple of 9 floats
        From the source to this image.
    size : (int, int)
        Its height and width, in pixels.
    """

    coefficients: Coefficients
    size: tuple[int, int]


def move_points(
    points: NDArray[np.float64], matrix: Coefficients
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points (..., 2) where `matrix` moves them, and what each was divided by (...)."""
    a, b, c, d, e, f, g, h, i = matrix
    x, y = points[..., 0], points[..., 1]
    moved = np.stack([a * x + b * y + c, d * x + e * y + f], axis=-1)
    depth = g * x + h * y + i
    if (g, h, i) != (0.0, 0.0, 1.0):
        with np.errstate(all="ignore"):  # the horizon is nowhere
            moved /= depth[..., None]
    return moved, depth


def are_inside(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which of the points (..., 2) are in an image."""
    with np.errstate(invalid="ignore"):
        inside = (points >= 0) & (points < [size[1], size[0]])
    return np.asarray(inside.all(axis=-1))


def as_numbers(given: Any, last: int, what: str) -> tuple[NDArray[np.float64], np.dtype[Any]]:
    """Return numbers of shape (..., last) in double precision, and the type that results have.

    Raises
    ------
    ValueError
        If they are not numbers, or of another shape.
    """
    array = np.asarray(given)
    if array.size == 0:
        array = array.reshape(*(array.shape if array.shape[-1:] == (last,) else (0, last)))
    if array.dtype.kind not in "iuf" or array.shape[-1:] != (last,):
        raise ValueError(
            f"{what} must be numbers of shape (..., {last}), got {array.dtype} {array.shape}"
        )
    return array.astype(np.float64), np.result_type(array.dtype, np.float32)


def move_boxes(corners: NDArray[np.float64], areas: Sequence[VisibleArea]) -> NDArray[np.float64]:
    """Return the boxes around the four moved corners of boxes (..., 4), clipped to the last area.

    Of a box that sticks out of an earlier area, what is left there is moved on. A box that the horizon
    of a perspective crosses has no bounds: it becomes (0, 0, 0, 0).
    """
    around, clipped = corners[..., _CORNERS], corners
    before: Coefficients | None = IDENTITY
    for area in areas:
        if before is None:
            raise ValueError("an area of the geometry has no inverse")
        moved, depth = move_points(around, compose(area.coefficients, before))
        box = np.concatenate([moved.min(axis=-2), moved.max(axis=-2)], axis=-1)
        box[~((depth > 0).all(axis=-1) | (depth < 0).all(axis=-1))] = 0.0
        height, width = area.size
        clipped = np.clip(box, 0.0, [width, height, width, height])
        whole = (clipped == box).all(axis=-1)[..., None, None]
        around = np.where(whole, moved, clipped[..., _CORNERS])
        before = inverse_of(area.coefficients)
    return clipped


def to_corners(boxes: NDArray[np.float64], format_: BoxFormat) -> NDArray[np.float64]:
    """Return boxes (..., 4) as left, top, right, bottom.

    Raises
    ------
    ValueError
        If there is no such format.
    """
    if format_ == "xyxy":
        return boxes
    place, sides = boxes[..., :2], boxes[..., 2:]
    if format_ == "xywh":
        return np.concatenate([place, place + sides], axis=-1)
    if format_ == "cxcywh":
        return np.concatenate([place - sides / 2, place + sides / 2], axis=-1)
    raise ValueError(f"format: must be xyxy, xywh or cxcywh, got {format_!r}")


def from_corners(corners: NDArray[np.float64], format_: BoxFormat) -> NDArray[np.float64]:
    """Return boxes of left, top, right, bottom in a format."""
    if format_ == "xyxy":
        return corners
    first, last = corners[..., :2], corners[..., 2:]
    place = first if format_ == "xywh" else (first + last) / 2
    return np.concatenate([place, last - first], axis=-1)
