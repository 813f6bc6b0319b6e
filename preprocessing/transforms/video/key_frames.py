"""KeyFrames."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.spec.step import require
from preprocessing.transforms._base import Selection

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import VideoSpec
    from preprocessing.planner.stages.frame_selection import FrameSelection


@frozen
class KeyFrames(Selection):
    """Select the key frames.

    Parameters
    ----------
    most : int, optional
        Largest number of frames. If there are more key frames, evenly spaced ones are selected.

    Notes
    -----
    Key frames are decoded without other frames, and are often the first of a scene. They are found in
    the file's index or packets, and only they are decoded. Of an MP4, only they are read; other formats
    are read up to the end of the `Clip`, or completely.

    Raises
    ------
    SpecError
        If `most` is below 1.
    """

    name: ClassVar[str] = "key_frames"
    most: int | None = None

    def check(self) -> None:
        require(self.most is None or self.most >= 1, f"most: must be 1 or more, got {self.most}")

    def infer(self, spec: VideoSpec) -> VideoSpec:
        return replace(spec, frames=None)

    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        return choice.key_frames(self.most)
