"""Strategies for the selections of a video's frames, and for what writes video."""

from __future__ import annotations

from hypothesis import strategies as st

from preprocessing import Clip, Encoding, KeyFrames, Mp4, SampleFps, SampleFrames, Transform

_moments = st.floats(0, 3600, allow_nan=False)


@st.composite
def _clips(draw: st.DrawFn) -> Clip:
    start = draw(_moments)
    stop = draw(st.none() | st.floats(start, 7200, exclude_min=True))
    return Clip(start, stop)


TRANSFORMS: dict[str, st.SearchStrategy[Transform]] = {
    "sample_frames": st.builds(SampleFrames, st.integers(1, 2**20)),
    "sample_fps": st.builds(SampleFps, st.floats(0, 1000, exclude_min=True)),
    "key_frames": st.builds(KeyFrames, st.none() | st.integers(1, 2**40)),
    "clip": _clips(),
}
ENCODINGS: dict[str, st.SearchStrategy[Encoding]] = {
    "mp4": st.builds(Mp4, st.floats(0, 1000, exclude_min=True), st.integers(0, 51)),
}
