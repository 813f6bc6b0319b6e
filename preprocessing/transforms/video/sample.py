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
    """Take frames that are spread evenly over the time.

    Parameters
    ----------
    count : int
        How many. A video with fewer gives some of them repeatedly.

    Notes
    -----
    What the video lasts, or of it a `Clip`, is divided into so many equal spans, and of each the frame
    is taken that is shown in its middle. How long a video lasts the file tells; where it does not, the
    end of its last frame does. Only what these frames need is decoded, and read: from the key frame
    before each up to it. For that it does not matter where the step stands among those that change each
    frame by itself.

    Raises
    ------
    SpecError
        For fewer than one, or more than 1,048,576.
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
    """Take frames at a rate of their own.

    Parameters
    ----------
    fps : float
        How many a second.

    Notes
    -----
    The first span of 1/`fps` seconds begins with the video, or with a `Clip` of it; of each the frame is
    taken that is shown in its middle, as long as that is in the video. A video that is shorter gives
    the one frame in its own middle. Otherwise as `SampleFrames`.

    Raises
    ------
    SpecError
        For a rate that is not above 0, or above 1000.
    """

    name: ClassVar[str] = "sample_fps"
    fps: float

    def check(self) -> None:
        require(
            0 < self.fps <= _MOST_FPS, f"fps: must be above 0, and 1000 at most, got {self.fps}"
        )

    def infer(self, spec: VideoSpec) -> VideoSpec:
        return replace(spec, frames=None)

    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        return choice.sample_fps(seconds(self.fps), limits.frames)
