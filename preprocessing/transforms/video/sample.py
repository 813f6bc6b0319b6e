"""SampleFrames and SampleFps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.spec.step import require
from preprocessing.transforms._base import Selection
from preprocessing.transforms.video._times import seconds

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import VideoSpec
    from preprocessing.planner.stages.frame_selection import FrameSelection

_MOST_FRAMES = 2**20
_MOST_FPS = 1000.0


@frozen
class SampleFrames(Selection):
    """Select frames that are evenly spaced in time.

    Parameters
    ----------
    count : int
        Number of frames. If the video has fewer, some are repeated.

    Notes
    -----
    The duration of the video, or of a `Clip` of it, is divided into `count` equal spans. From each span
    the frame shown at its middle is selected. The duration is the file's or, where it has none, the end
    of the last frame. Only the frames from the key frame before each selected one are read and decoded,
    wherever the step is among those that change single frames.

    Raises
    ------
    SpecError
        If `count` is below 1 or above 1,048,576.
    """

    name: ClassVar[str] = "sample_frames"
    count: int

    def check(self) -> None:
        require(
            1 <= self.count <= _MOST_FRAMES,
            f"count: must be from 1 to {_MOST_FRAMES}, got {self.count}",
        )

    def infer(self, spec: VideoSpec) -> VideoSpec:
        return replace(spec, frames=self.count)

    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        return choice.sample(self.count, limits.frames)


@frozen
class SampleFps(Selection):
    """Select frames at a fixed rate.

    Parameters
    ----------
    fps : float
        Frames per second.

    Notes
    -----
    The video, or a `Clip` of it, is divided into spans of ``1 / fps`` seconds. From each span the frame
    shown at its middle is selected, if the video is long enough. A video shorter than that returns the
    frame at its own middle. Frames are read and decoded as for `SampleFrames`.

    Raises
    ------
    SpecError
        If the rate is not above 0, or above 1000.
    """

    name: ClassVar[str] = "sample_fps"
    fps: float

    def check(self) -> None:
        require(0 < self.fps <= _MOST_FPS, f"fps: must be above 0 and at most 1000, got {self.fps}")

    def infer(self, spec: VideoSpec) -> VideoSpec:
        return replace(spec, frames=None)

    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        return choice.sample_fps(seconds(self.fps), limits.frames)
