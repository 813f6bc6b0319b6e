"""HOG."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.geometry.matrices import scale_then_move
from preprocessing.kernels.image import features
from preprocessing.planner.stages import KernelStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform, require_side_lengths
from preprocessing.transforms._checks import require_gray_or_rgb
from preprocessing.transforms.image._scikit import require_scikit_image

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec

_MOST_ORIENTATIONS = 180
# Blocks overlap, so that small cells make the descriptor many times as large as the image. By default it
# has 1.3 numbers per pixel.
_MOST_NUMBERS = 16


@frozen
class HOG(FixedTransform):
    """Compute histograms of oriented gradients, as ``skimage.feature.hog``.

    Parameters
    ----------
    orientations : int
        Number of bins over 180 degrees, from 1 to 180.
    pixels_per_cell : int
        Height and width of a cell, in pixels.
    cells_per_block : int
        Height and width of a block, in cells. Histograms are normalised within a block (L2-Hys).

    Notes
    -----
    The result is float32 in [0, 1] and has one pixel per block. Its channels are the block's numbers, by
    rows of cells, columns of cells, and orientations; in the order ``hwc`` they are scikit-image's
    feature vector. For RGB, each pixel uses the channel with the steepest gradient. Within 1e-5 of
    scikit-image on the same samples in single precision. Floats are clipped to [0, 1] first.

    Raises
    ------
    SpecError
        If an argument is out of range, or there would be more than 16 numbers per pixel; when the plan
        is made, if scikit-image is not installed.
    IncompatibleSource
        If the image does not have 1 or 3 channels, or is smaller than a block.
    """

    name: ClassVar[str] = "hog"
    orientations: int = 9
    pixels_per_cell: int = 8
    cells_per_block: int = 3

    def check(self) -> None:
        require(
            1 <= self.orientations <= _MOST_ORIENTATIONS,
            f"orientations: must be from 1 to {_MOST_ORIENTATIONS}, got {self.orientations}",
        )
        for field in ("pixels_per_cell", "cells_per_block"):
            value = getattr(self, field)
            require_side_lengths(field, value)
        numbers = self._numbers / self.pixels_per_cell**2
        require(
            numbers <= _MOST_NUMBERS,
            f"pixels_per_cell: would make {numbers:.0f} numbers per pixel, more than {_MOST_NUMBERS}; "
            "take larger cells, or fewer of them in a block",
        )

    @property
    def _numbers(self) -> int:
        return self.cells_per_block**2 * self.orientations

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_gray_or_rgb(spec)
        sides = (
            None if side is None else side // self.pixels_per_cell - self.cells_per_block + 1
            for side in (spec.height, spec.width)
        )
        height, width = sides
        if any(side is not None and side < 1 for side in (height, width)):
            least = self.pixels_per_cell * self.cells_per_block
            raise IncompatibleSource(
                f"has blocks of {least}×{least}, but the image is {spec.height}×{spec.width}; take "
                "smaller cells or blocks, or resize before it"
            )
        return replace(spec, height=height, width=width, channels=self._numbers, dtype="float32")

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        require_scikit_image(self.name)
        arguments = (self.orientations, self.pixels_per_cell, self.cells_per_block)
        # A pixel shows a block, which is centred on it; the next block begins one cell later.
        shift = (1 - self.cells_per_block) / 2
        moves = scale_then_move(*(1 / self.pixels_per_cell,) * 2, shift, shift)
        return (KernelStage(features.hog, arguments, self.infer(spec), moves),)
