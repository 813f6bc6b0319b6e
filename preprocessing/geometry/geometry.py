"""`Geometry`: the way of each place from a source to a result, as a 3×3 matrix and two sizes."""

from __future__ import annotations

from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from preprocessing.frozen import frozen
from preprocessing.geometry.boxes import (
    BoxFormat,
    VisibleArea,
    are_inside,
    as_numbers,
    from_corners,
    move_boxes,
    move_points,
    to_corners,
)
from preprocessing.geometry.masks import blend_bilinear, holds_number, pick_nearest
from preprocessing.geometry.matrices import (
    Coefficients,
    compose,
    inverse_of,
    keeps_within,
    turn_upright,
)
from preprocessing.geometry.spelling import Spelled, read_geometry, write_geometry

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from preprocessing.media import Array


@frozen
class Geometry:
    """Where each place of a source is in a result: what the pixels went through, annotations can too.

    Places are x and y in pixels from the upper left corner, as in torchvision: the first pixel covers
    [0, 1) × [0, 1), and its centre is at (0.5, 0.5). The source is the upright image, as it is shown:
    EXIF orientation is applied before. For annotations of the pixels as they are stored, use `stored`.

    Parameters
    ----------
    coefficients : tuple of 9 floats
        Row by row, the matrix that brings (x, y, 1) of the source to the result, up to a factor.
    source : (int, int)
        Height and width of the upright source, in pixels.
    result : (int, int)
        Height and width of the result, in pixels.
    orientation : int
        EXIF orientation of the source, 1 to 8, by which its stored pixels are turned upright.
    areas : tuple of VisibleArea
        Images on the way that cut off a part of the source whose place is in the result again, such as
        that of a crop before a border. What is outside of any of them is not seen.

    Examples
    --------
    >>> import numpy as np
    >>> from preprocessing import Pipeline
    >>> p = Pipeline.parse("resize:256/center_crop:224/npy")
    >>> geometry = p.geometry(np.zeros((512, 1024, 3), np.uint8))
    >>> geometry.result
    (224, 224)
    >>> boxes, keep = geometry.boxes([[300, 100, 500, 300], [0, 0, 100, 100]])
    >>> boxes.tolist(), keep.tolist()
    ([[0.0, 34.0, 106.0, 134.0], [0.0, 0.0, 0.0, 34.0]], [True, False])
    """

    coefficients: Coefficients
    source: tuple[int, int]
    result: tuple[int, int]
    orientation: int = 1
    areas: tuple[VisibleArea, ...] = ()

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """The matrix, shape (3, 3), float64, read-only."""
        made = np.array(self.coefficients).reshape(3, 3)
        made.flags.writeable = False
        return made

    @property
    def inverse(self) -> Geometry:
        """The way back, from the result to the upright source.

        Raises
        ------
        ValueError
            If the image has become a line or a point, so that there is no way back.
        """
        back = self._back
        areas = [VisibleArea(compose(w.coefficients, back), w.size) for w in reversed(self.areas)]
        return Geometry(back, self.result, self.source, 1, tuple(areas))

    @property
    def stored(self) -> Geometry:
        """The same from the pixels as they are stored, before EXIF orientation turns them upright."""
        turn = turn_upright(self.orientation, *self.source)
        source = self.source[::-1] if self.orientation >= 5 else self.source
        areas = [VisibleArea(compose(w.coefficients, turn), w.size) for w in self.areas]
        return Geometry(compose(self.coefficients, turn), source, self.result, 1, tuple(areas))

    def then(self, matrix: Coefficients, size: tuple[int, int]) -> Geometry:
        """Return the geometry after one more step.

        Parameters
        ----------
        matrix : tuple of 9 floats
            From the result of this geometry to that of the step.
        size : (int, int)
            Height and width of the step's result.
        """
        whole, areas = compose(matrix, self.coefficients), self.areas
        back = inverse_of(matrix)
        if back is not None:
            if areas:
                areas = tuple([w for w in areas if not _shows_all(w, whole, size)])
            has_border = not keeps_within(back, size, self.result)
            if has_border and not keeps_within(self.coefficients, self.source, self.result):
                areas = (*areas, VisibleArea(self.coefficients, self.result))
        return Geometry(whole, self.source, size, self.orientation, areas)

    def points(self, points: ArrayLike) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return where points of the source are in the result.

        Parameters
        ----------
        points : array_like, shape (..., 2)
            x and y. The pixel of row i and column j has its centre at (j + 0.5, i + 0.5).

        Returns
        -------
        points : ndarray, shape (..., 2)
            Float32 or float64, as NumPy adds float32 to the given type. They are not clipped: a point
            on the edge would be another point.
        inside : ndarray of bool, shape (...)
            Whether each is in the result.

        Raises
        ------
        ValueError
            If the shape or the type is another.
        """
        numbers, dtype = as_numbers(points, 2, "points")
        moved, _ = move_points(numbers, self.coefficients)
        inside = are_inside(moved, self.result)
        for area in self.areas:
            inside &= are_inside(move_points(numbers, area.coefficients)[0], area.size)
        return moved.astype(dtype), inside

    def boxes(
        self,
        boxes: ArrayLike,
        format: BoxFormat = "xyxy",  # noqa: A002  torchvision's name for it
        *,
        min_size: float = 1.0,
        min_area: float = 1.0,
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return where boxes of the source are in the result, as ``torchvision.tv_tensors``.

        Parameters
        ----------
        boxes : array_like, shape (..., 4)
        format : {"xyxy", "xywh", "cxcywh"}
            Left, top, right, bottom; left, top, width, height, as in COCO; or centre, width, height.
        min_size, min_area : float
            Least sides and area of the boxes to keep, in the result, as for
            ``torchvision.transforms.v2.SanitizeBoundingBoxes``.

        Returns
        -------
        boxes : ndarray, shape (..., 4)
            In the same format, float32 or float64. Each is the box around the four moved corners,
            clipped to the result. A box that the horizon of a perspective crosses has no bounds and is
            all zeros.
        keep : ndarray of bool, shape (...)
            False for boxes that are smaller, or outside, or whose given sides are not positive.

        Raises
        ------
        ValueError
            If the shape, the type or the format is another.
        """
        numbers, dtype = as_numbers(boxes, 4, "boxes")
        corners = to_corners(numbers, format)
        moved = move_boxes(corners, (*self.areas, VisibleArea(self.coefficients, self.result)))
        valid = (corners[..., 2:] > corners[..., :2]).all(axis=-1)
        sides = moved[..., 2:] - moved[..., :2]
        keep = valid & (sides >= min_size).all(axis=-1) & (sides.prod(axis=-1) >= min_area)
        return from_corners(moved, format).astype(dtype), np.asarray(keep)

    def mask(
        self,
        mask: Array,
        interpolation: Literal["nearest", "bilinear"] = "nearest",
        *,
        fill: float = 0,
    ) -> Array:
        """Return a mask of the source as it lies on the result.

        Parameters
        ----------
        mask : ndarray, shape (H, W) or (N, H, W)
            Class ids, or N masks, of the source's size.
        interpolation : {"nearest", "bilinear"}
            ``nearest`` takes the sample that the centre of each pixel falls on, and is for ids, of any
            type. ``bilinear`` blends four, without antialiasing, and is for float16 and float32.
        fill : float
            Value where the result shows nothing of the source, such as 255 for "ignore".

        Returns
        -------
        ndarray, shape (H, W) or (N, H, W)
            Of the result's size and the mask's type.

        Raises
        ------
        ValueError
            If the mask has another size than the source, or its type cannot hold `fill`, or cannot be
            blended.
        """
        mask = np.asarray(mask)
        self._require_mask(mask)
        if interpolation == "bilinear":
            if mask.dtype not in (np.float16, np.float32):
                raise ValueError(
                    f"bilinear blends float16 and float32, got {mask.dtype}; use nearest for ids"
                )
            return self._cut(blend_bilinear(mask, self._back, self.result, fill), fill)
        if interpolation != "nearest":
            raise ValueError(f"interpolation: must be nearest or bilinear, got {interpolation!r}")
        if not holds_number(mask.dtype, fill):
            raise ValueError(f"fill: {mask.dtype} cannot hold {fill}; convert the mask")
        return self._cut(pick_nearest(mask, self._back, self.result, fill), fill)

    def _cut(self, moved: Array, fill: float) -> Array:
        """Fill what an area hides."""
        for area in self.areas:
            seen = np.broadcast_to(np.True_, area.size)
            back = compose(area.coefficients, self._back)
            moved[..., ~pick_nearest(seen, back, self.result, 0)] = fill
        return moved

    def _require_mask(self, mask: Array) -> None:
        if mask.ndim not in (2, 3) or mask.dtype.kind not in "biuf":
            raise ValueError(
                f"a mask must be numbers of shape (H, W) or (N, H, W), got {mask.dtype} {mask.shape}"
            )
        if mask.shape[-2:] != self.source:
            stored = self.stored.source
            turned = stored != self.source and mask.shape[-2:] == stored
            raise ValueError(
                f"the mask has {mask.shape[-2]}×{mask.shape[-1]} pixels, and the upright source "
                f"{self.source[0]}×{self.source[1]}"
                + ("; for a mask of the stored pixels use geometry.stored" if turned else "")
            )

    @cached_property
    def _back(self) -> Coefficients:
        back = inverse_of(self.coefficients)
        if back is None or not all(map(isfinite, back)):
            raise ValueError("the matrix has no inverse: the image has become a line or a point")
        return back

    @classmethod
    def parse(cls, text: str) -> Geometry:
        """Return the geometry that ``str`` wrote, as in the metadata ``jitprep-geometry``.

        Raises
        ------
        ValueError
            If the text is another, or a number is not finite.
        """
        return cls(*read_geometry(text))

    def __str__(self) -> str:
        """Return the text that `parse` reads; see `preprocessing.geometry.spelling`."""
        return self._text

    @cached_property
    def _text(self) -> str:
        fields = (self.coefficients, self.source, self.result, self.orientation, self.areas)
        return write_geometry(Spelled(*fields))


def _shows_all(area: VisibleArea, matrix: Coefficients, size: tuple[int, int]) -> bool:
    """Return whether all of an image, to which `matrix` leads, is within an area."""
    back = inverse_of(matrix)
    return back is not None and keeps_within(compose(area.coefficients, back), size, area.size)
