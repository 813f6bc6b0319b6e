"""Reference decoding of videos: all frames in sequence, by PyAV."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np

from preprocessing import Pipeline

from .clips import FPS, clip

TURNED = {"mp4, rotated": 1, "mp4, upside down": 2}
COUNTED = ("avi", "mpeg, no container")


@dataclass
class Sequence:
    """All frames, their times, and which of them are key frames."""

    frames: list[np.ndarray]
    times: list[Fraction]
    keys: list[int]
    length: Fraction

    def at(self, moment: Fraction) -> np.ndarray:
        """Return the frame shown at a time."""
        return self.frames[max(bisect_right(self.times, moment) - 1, 0)]


@cache
def sequence(name: str) -> Sequence:
    """Decode one of `clips.FILES`."""
    with av.open(io.BytesIO(clip(name))) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        decoded = list(container.decode(stream))
        unit = Fraction(stream.time_base)
    # Counter-clockwise, as in av_display_rotation_get.
    frames = [np.rot90(f.to_ndarray(format="rgb24"), TURNED.get(name, 0)) for f in decoded]
    times = [(frame.pts - decoded[0].pts) * unit for frame in decoded]
    if name.startswith(COUNTED):
        times = [Fraction(i, FPS) for i in range(len(decoded))]
    keys = [i for i, frame in enumerate(decoded) if frame.key_frame]
    # Only the file says how long it is. `test_header` checks that we read it right.
    length = Pipeline.parse("video/npy").plan(clip(name)).source.header.length
    return Sequence(frames, times, keys, length)
