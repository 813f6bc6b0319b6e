"""LetterBox."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.media import IndexSpec
from preprocessing.planner.stages import Interpolation, Stage
from preprocessing.transforms._base import (
    MOVABLE,
    FixedTransform,
    height_and_width,
    require_side_lengths,
)
from preprocessing.transforms._checks import require_fill
from preprocessing.transforms.image.pad import Pad
from preprocessing.transforms.image.resize import Resize

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

_GRAY = 114.0


@frozen
class LetterBox(FixedTransform):
    """Resize the image to fit a frame and fill the rest, as ``ultralytics.data.augment.LetterBox``.

    Parameters
    ----------
    size : int or (int, int)
        Side of a square frame, or its height and width.
    fill : float
        Value of the border, in the units of the image at this step. Masks of class ids need another
        than the default, which is a gray.
    scaleup : bool
        Whether an image smaller than the frame is enlarged.
    interpolation : {"bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"}
    antialias : bool
        As for `Resize`.

    Notes
    -----
    A `Resize` and a `Pad`, with sizes as ultralytics computes them. Both sides are multiplied by the
    largest factor that fits the frame and rounded half to even. The image is centred; an odd pixel of
    the border goes to the bottom and to the right. The sizes are exact. The samples are those of
    `Resize`, which antialiases; ultralytics calls OpenCV's ``resize``, which does not.

    Raises
    ------
    SpecError
        If the size is below 1.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "letter_box"
    size: int | tuple[int, int]
    fill: float = _GRAY
    scaleup: bool = True
    interpolation: Interpolation = "bilinear"
    antialias: bool = True

    def check(self) -> None:
        require_side_lengths("size", self.size)

    @property
    def _sides(self) -> tuple[int, int]:
        return height_and_width(self.size)

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        if isinstance(spec, IndexSpec) and self.fill == _GRAY:
            raise IncompatibleSource("fill: its default is a gray; give a class id, such as fill=0")
        return replace(spec, height=self._sides[0], width=self._sides[1])

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        assert spec.height and spec.width
        factor = min(self._sides[0] / spec.height, self._sides[1] / spec.width)
        if not self.scaleup:
            factor = min(factor, 1.0)
        # At least 1: a strip keeps one row, where ultralytics fails.
        height, width = (max(round(side * factor), 1) for side in (spec.height, spec.width))
        resize = Resize((height, width), self.interpolation, antialias=self.antialias)
        down, right = self._sides[0] - height, self._sides[1] - width
        pad = Pad((right // 2, down // 2, right - right // 2, down - down // 2), self.fill)
        fitted = resize.infer(spec)
        return (*resize.lower(spec), *(pad.lower(fitted) if down or right else ()))
