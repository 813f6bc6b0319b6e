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
    """Cut the video to the time between two moments.

    Parameters
    ----------
    start : float
        Start in seconds from the first frame.
    stop : float, optional
        End in seconds from the first frame. By default, and at most, the end of the video.

    Notes
    -----
    The first frame is the one shown at `start`. A frame that begins at `stop` is left out. The video is
    read from the key frame before `start` up to `stop`.

    Raises
    ------
    SpecError
        If the start is below 0, or the stop is not after it.
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
