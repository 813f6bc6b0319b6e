"""Pad."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.planner.stages import PadMode, PadStage, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import MAX_SIDE, MOVABLE, FixedTransform
from preprocessing.transforms._checks import require_fill

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class Pad(FixedTransform):
    """Add a border, as ``torchvision.transforms.v2.Pad``.

    Parameters
    ----------
    padding : int, (int, int) or (int, int, int, int)
        Pixels on every side; or left-and-right, top-and-bottom; or left, top, right, bottom.
    fill : float
        Value of the border with ``constant``, in the units of the image at this step.
    padding_mode : {"constant", "edge", "reflect", "symmetric"}
        A constant, the outermost pixel repeated, or the image mirrored without (``reflect``) or with
        (``symmetric``) its outermost pixel.

    Notes
    -----
    Exact. ``reflect`` and ``symmetric`` need an image larger than the border.
    """

    input_kinds = MOVABLE
    name: ClassVar[str] = "pad"
    padding: int | tuple[int, int] | tuple[int, int, int, int]
    fill: float = 0.0
    padding_mode: PadMode = "constant"

    def check(self) -> None:
        require(
            0 <= min(self.edges) <= max(self.edges) <= MAX_SIDE,
            f"padding: must be from 0 to {MAX_SIDE}, got {self.padding}",
        )

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        if isinstance(self.padding, int):
            return (self.padding,) * 4
        if len(self.padding) == 2:
            return (*self.padding, *self.padding)
        return self.padding

    def infer(self, spec: ImageSpec) -> ImageSpec:
        require_fill(self.fill, spec)
        left, top, right, bottom = self.edges
        slack = {"reflect": 1, "symmetric": 0}.get(self.padding_mode)
        for side, edge in ((spec.height, max(top, bottom)), (spec.width, max(left, right))):
            if slack is not None and side is not None and edge > side - slack:
                raise IncompatibleSource(
                    f"padding_mode={self.padding_mode} mirrors {edge} pixels of an image that has "
                    f"{side}; pad less, resize first, or use padding_mode=edge"
                )
        return replace(
            spec,
            height=None if spec.height is None else spec.height + top + bottom,
            width=None if spec.width is None else spec.width + left + right,
        )

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        return (PadStage(*self.edges, self.fill, self.padding_mode),)
