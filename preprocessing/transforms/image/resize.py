"""Resize."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from preprocessing.frozen import frozen
from preprocessing.planner.stages import ResampleStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import MOVABLE, FixedTransform, require_side_lengths
from preprocessing.transforms._checks import interpolation_for

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class Resize(FixedTransform):
    """Resize the image, as ``torchvision.transforms.v2.Resize``.

    Parameters
    ----------
    size : int or (int, int)
        One number is the length of the shorter side; the longer one keeps the aspect ratio, rounded
        down. Two numbers are height and width.
    interpolation : {"bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"}
        Filter. ``nearest`` is PyTorch's, which takes the upper left of the nearest pixels;
        ``nearest_exact`` is Pillow's. Masks of class ids are resized by ``nearest``, as in torchvision,
        unless ``nearest_exact`` is given.
    max_size : int, optional
        Largest length of the longer side, if `size` is one number. The shorter side becomes smaller
        than `size` where the aspect ratio requires it.
    antialias : bool
        Whether the filter widens as the image shrinks. Without it, a smaller result skips pixels.

    Notes
    -----
    The result has the input's type. Integers are rounded half up and clipped once, after both passes;
    the planner omits the rounding before `Normalize`. Within 1e-5 of the range of torchvision on
    float32, and within one level on uint8, which torchvision also rounds between the passes. Where
    bicubic or lanczos overshoots black or white, the two are within a few levels, because torchvision
    clips between the passes.

    Raises
    ------
    SpecError
        If a size is below 1, or `max_size` is given with two sizes or is not above `size`.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "resize"
    size: int | tuple[int, int]
    interpolation: Literal["bilinear", "bicubic", "lanczos", "nearest", "nearest_exact"] = (
        "bilinear"
    )
    max_size: int | None = None
    antialias: bool = True

    def check(self) -> None:
        sides = (self.size,) if isinstance(self.size, int) else self.size
        require_side_lengths("size", self.size)
        if self.max_size is not None:
            require(isinstance(self.size, int), "max_size: can only be given with a single size")
            require(self.max_size > sides[0], f"max_size: must exceed size {self.size}")

    def infer(self, spec: ImageSpec) -> ImageSpec:
        if isinstance(self.size, tuple):
            return replace(spec, height=self.size[0], width=self.size[1])
        if spec.height is None or spec.width is None:
            return replace(spec, height=None, width=None)
        height, width = self._keep_aspect(spec.height, spec.width, self.size)
        return replace(spec, height=height, width=width)

    def _keep_aspect(self, height: int, width: int, size: int) -> tuple[int, int]:
        """Torchvision's ``_compute_resized_output_size``: products before quotients, rounded down."""
        short, long = min(height, width), max(height, width)
        new_short, new_long = size, int(size * long / short)
        if self.max_size is not None and new_long > self.max_size:
            new_short, new_long = int(self.max_size * new_short / new_long), self.max_size
        new_short = max(new_short, 1)  # a 1 × 10000 strip keeps one row; torchvision fails
        return (new_short, new_long) if height <= width else (new_long, new_short)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        result = self.infer(spec)
        assert spec.height and spec.width and result.height and result.width
        if (result.height, result.width) == (spec.height, spec.width):
            return ()
        return (
            ResampleStage(
                box=(0.0, 0.0, float(spec.height), float(spec.width)),
                size=(result.height, result.width),
                window=(0, 0, result.height, result.width),
                filter=interpolation_for(spec, self.interpolation),
                antialias=self.antialias,
                dtype=spec.dtype,
            ),
        )
