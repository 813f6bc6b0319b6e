"""Damage that a decoder detects is an error: no frame in which it concealed damage is returned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from preprocessing import CorruptSource, Pipeline, PreprocessingError
from preprocessing.decode.video.container import packets_of

from ...support.clips import FILES, clip

WHOLE = Pipeline.parse("video/npy")
# The decoders of HEVC and VP8/VP9 do not report damage, because these formats have no checksums.
TELLING = [
    *("mp4", "mp4, no B-frames", "mp4, open GOPs", "mp4, all key frames", "mov", "matroska"),
    *("avi", "avi, H.264", "flv"),
]


@pytest.mark.parametrize("name", TELLING)
def test_most_flipped_bits_are_refused(name):
    data, random, passed = clip(name), np.random.default_rng(3), 0
    plain = WHOLE(data).astype(int)
    start = data.index(b"mdat") + 800 if name.startswith("mp4") else len(data) // 4
    for _ in range(24):
        broken = bytearray(data)
        for at in random.integers(start, len(data) * 3 // 4, 3):
            broken[at] ^= 1 << random.integers(8)
        try:
            got = WHOLE(bytes(broken)).astype(int)
        except PreprocessingError:
            continue
        passed += got.shape != plain.shape or np.abs(got - plain).mean() > 1
    assert passed <= 8  # entropy codes sometimes resynchronize


@pytest.mark.parametrize("name", FILES)
def test_nothing_good_is_taken_for_damaged(name):
    """Test every frame at which decoding can begin."""
    for spec in ("key_frames/npy", "sample_frames:11/npy", "clip:0.7,stop=1.9/npy"):
        if name != "mp4, one frame" or "clip" not in spec:
            Pipeline.parse(spec)(clip(name))


def test_a_first_frame_that_is_damaged_is_not_passed_over():
    data = bytearray(clip("mp4"))
    at = data.index(b"mdat") + 4
    data[at : at + 5] = b"\xff" * 5
    with pytest.raises(CorruptSource):
        Pipeline.parse("sample_frames:2/npy")(bytes(data))


def test_a_track_that_appears_late_does_not_end_the_others() -> None:
    """PyAV raises IndexError for it after the last packet, as it does for such an FLV."""

    class Container:
        def demux(self, stream: str) -> Iterator[str]:
            yield from (f"{stream} 1", f"{stream} 2", f"{stream} end")
            raise IndexError("list index out of range")

    assert list(packets_of(Container(), "video")) == ["video 1", "video 2", "video end"]
