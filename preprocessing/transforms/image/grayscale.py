"""Grayscale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.planner.stages import Luma, Replicate, Stage
from preprocessing.transforms._base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.media import ImageSpec


@frozen
class Grayscale(FixedTransform):
    """Convert the image to gray, as ``torchvision.transforms.v2.Grayscale``.

    Parameters
    ----------
    num_output_channels : {1, 3}
        With 3, the gray channel is repeated.

    Notes
    -----
    ITU-R BT.601 luma, ``0.299 R + 0.587 G + 0.114 B``, rounded. torchvision uses 0.2989 for red and
    truncates: uint8 is within one level of it, floats within 1e-4 of the range. An image of one channel
    stays the same. If the source is a JPEG, the planner may decode its luma directly; see
    `preprocessing.planner.rewrites`.
    """

    name: ClassVar[str] = "grayscale"
    num_output_channels: Literal[1, 3] = 1

    def infer(self, spec: ImageSpec) -> ImageSpec:
        if spec.channels not in (1, 3):
            raise IncompatibleSource(f"takes 1 or 3 channels, but the image has {spec.channels}")
        return replace(spec, channels=self.num_output_channels)

    def lower(self, spec: ImageSpec) -> tuple[Stage, ...]:
        gray = (Luma(),) if spec.channels == 3 else ()
        return gray if self.num_output_channels == 1 else (*gray, Replicate(3))
