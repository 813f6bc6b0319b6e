"""Clip."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.spec.step import require
from preprocessing.transforms._base import Selection
from preprocessing.transforms.video._times import seconds

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import VideoSpec
    from preprocessing.planner.stages.frame_selection import FrameSelection


@frozen
class Clip(Selection):
    """Keep what is shown from one moment to another.

    Parameters
    ----------
    start : float
        In seconds from the first frame.
    stop : float, optional
        Where it ends, in seconds from the first frame, or with the video if that is sooner.

    Notes
    -----
    The first frame is the one that is shown at `start`; one that is first shown at `stop` is left out.
    The video is read from the key frame before `start`, and not beyond `stop`.

    Raises
    ------
    SpecError
        For a start below 0, or a stop that is not after it.
    """

    name: ClassVar[str] = "clip"
    start: float
    stop: float | None = None

    def check(self) -> None:
        require(
            self.start >= 0 and isfinite(self.start), f"start: must be 0 or more, got {self.start}"
        )
        require(
            self.stop is None or (self.start < self.stop and isfinite(self.stop)),
            f"stop: must be after start {self.start}, got {self.stop}",
        )

    def infer(self, spec: VideoSpec) -> VideoSpec:
        return replace(spec, frames=None)

    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        return choice.clip(seconds(self.start), None if self.stop is None else seconds(self.stop))
