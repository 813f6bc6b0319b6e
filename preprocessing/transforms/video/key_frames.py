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
    """Take the key frames: decoded from nothing but themselves, they often stand where a scene begins.

    Parameters
    ----------
    most : int, optional
        Where there are more, so many are taken, each from the middle of an equal share of them.

    Notes
    -----
    Which frames are key frames the file tells, and only they are decoded. Of an MP4 only they are
    read, too; other formats are read as far as the clip goes, or whole.

    Raises
    ------
    SpecError
        For fewer than one.
    """

    name: ClassVar[str] = "key_frames"
    most: int | None = None

    def check(self) -> None:
        require(self.most is None or self.most >= 1, f"most: must be 1 or more, got {self.most}")

    def infer(self, spec: VideoSpec) -> VideoSpec:
        return replace(spec, frames=None)

    def narrow(self, choice: FrameSelection, limits: Limits) -> FrameSelection:
        return choice.key_frames(self.most)
