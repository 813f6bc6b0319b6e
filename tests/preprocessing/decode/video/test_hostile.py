"""Damaged files and false headers end in a documented error, soon and in little memory."""

from __future__ import annotations

import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Pipeline,
    PreprocessingError,
    SpecError,
    UnsupportedSource,
)

from ...support.clips import FILES, Counted, clip, pictures, sound_alone, write

SAMPLED = Pipeline.parse("sample_frames:5/resize:8,8/npy")
WHOLE = Pipeline.parse("video/resize:8,8/npy")
KEYS = Pipeline.parse("key_frames/resize:8,8/npy")


def box(data: bytes, *path: bytes) -> int:
    """Return where the content of an MP4 box starts, given its type and those of the boxes around it."""
    place = 0
    for name in path:
        place = data.index(name, place) + 4
    return place


def patched(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


@pytest.mark.parametrize("name", ["mp4", "mp4, index first", "mov", "matroska", "avi"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_corrupt(name, share):
    data = clip(name)
    data = data[: int(len(data) * share)]
    for source in (data, Counted(data)):
        with pytest.raises(CorruptSource):
            SAMPLED(source)
        with pytest.raises(CorruptSource):
            WHOLE(source)


@pytest.mark.parametrize("name", ["mpegts", "mpeg", "matroska, no duration"])
def test_a_stream_may_break_off_anywhere(name):
    data = clip(name)[: len(clip(name)) * 2 // 3]
    assert 20 < len(WHOLE(data)) < 60
    assert SAMPLED(data).shape == (5, 3, 8, 8)


@settings(max_examples=150)
@given(
    st.sampled_from([name for name in FILES if "VP" not in name]),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6),
    st.floats(0, 1),
    st.sampled_from([SAMPLED, WHOLE, KEYS]),
)
def test_whatever_the_bytes_it_is_frames_or_a_documented_error(name, changes, kept, pipeline):
    data = bytearray(clip(name))
    for share, new in changes:
        place = int(share * (len(data) - len(new)))
        data[place : place + len(new)] = new
    data = data[: max(64, int(len(data) * max(kept, 0.4)))]
    source = Counted(bytes(data))
    with suppress(PreprocessingError):
        pipeline(source, limits=Limits(pixels=2**18, frames=300, seconds=3600))
    assert source.bytes_read <= 6 * source.size


def test_what_holds_no_video_is_refused():
    with pytest.raises(IncompatibleSource, match=r"the object is audio \(audio/mp4\)"):
        SAMPLED(sound_alone())
    with pytest.raises(EmptySource):
        SAMPLED(b"")
    with pytest.raises(EmptySource):
        SAMPLED(Counted(b""))


def test_a_header_alone_is_corrupt():
    for head in (b"\0\0\0\x20ftypisom\0\0", b"\x1a\x45\xdf\xa3\x9f\x42", b"RIFF\x24\0\0\0AVI LIST"):
        for data in (head, head + bytes(10**5)):
            with pytest.raises(CorruptSource):
                SAMPLED(data)


def test_a_claim_of_many_samples_is_refused_before_there_is_room_for_them():
    data = clip("mp4")
    place = box(data, b"moov", b"trak", b"stsz")
    lying = patched(data, place + 4, struct.pack(">II", 1, 2**32 - 1))  # one size for all samples
    with pytest.raises(LimitExceeded, match="index claims 4294967295 samples"):
        SAMPLED(lying)


def test_a_frame_that_is_too_large_is_refused():
    data = clip("mp4")
    with pytest.raises(LimitExceeded, match="claims 64 x 48 pixels"):
        SAMPLED(data, limits=Limits(pixels=64 * 48 - 1))
    with pytest.raises(LimitExceeded, match="63 per side"):
        SAMPLED(data, limits=Limits(side=63))


def test_a_frame_that_is_larger_than_the_header_says_takes_no_memory():
    """The frames of VP8 claim 16,383 x 16,383, and FFmpeg would allocate that."""
    data = clip("webm, VP8")
    lying = patched(data, data.index(b"\x9d\x01\x2a") + 3, struct.pack("<HH", 16383, 16383))
    with pytest.raises(CorruptSource):
        SAMPLED(lying)


def lasting(milliseconds: float) -> bytes:
    """Return a Matroska file that claims a duration."""
    data = clip("matroska")
    return patched(data, data.index(b"\x44\x89\x88") + 3, struct.pack(">d", milliseconds))


def test_a_claim_of_many_hours_is_refused():
    with pytest.raises(LimitExceeded, match="lasts 1000000 s, more than the limit of 21600 s"):
        SAMPLED(lasting(1e9))
    with pytest.raises(LimitExceeded, match="lasts 2 s, more than the limit of 2 s;"):
        SAMPLED(clip("mp4"), limits=Limits(seconds=2))


def test_a_video_that_is_shorter_than_it_says_shows_its_last_frame():
    frames = SAMPLED(lasting(1e5))
    np.testing.assert_array_equal(frames[4], WHOLE(clip("matroska"))[-1])


def test_results_are_bounded_before_there_is_room_for_them():
    data = clip("mp4")
    for spec, words in (
        ("sample_frames:50/resize:2,2", "step 1 'sample_frames': would take 50 frames, more than"),
        ("sample_fps:1000/resize:2,2", "step 1 'sample_fps': would take 2400 frames, more than"),
        ("video/resize:2,2", "would take more than 40 frames"),
    ):
        limits = Limits(pixels=64 * 48, frames=40)
        for run in (Pipeline.parse(spec), Pipeline.parse(spec).encode):
            with pytest.raises(LimitExceeded, match=words):
                run(data, limits=limits)


def test_results_are_bounded_by_the_memory_that_there_is():
    """If the number of frames depends on the content, the limit is what memory holds."""
    data = clip("mp4")
    for spec, megabytes, words in (
        ("sample_frames:8/resize:1024,1024", 16, "step 2 'resize' would hold"),
        ("video/resize:1024,1024", 40, "would take more than [0-9]+ frames"),
        ("key_frames/resize:4096,4096", 16, "'resample' would hold"),
    ):
        for run in (Pipeline.parse(spec), Pipeline.parse(spec).encode):
            with pytest.raises(LimitExceeded, match=words):
                run(data, limits=Limits(memory=megabytes * 2**20))


def test_frames_that_change_their_size_are_refused():
    other = write("mpegts", frames=pictures(20, 32, 40))
    with pytest.raises(UnsupportedSource, match="change their size, from 64 x 48 to 40 x 32"):
        WHOLE(clip("mpegts") + other)


def test_a_video_shown_askew_is_refused():
    with pytest.raises(UnsupportedSource, match="rotated by 45 degrees"):
        SAMPLED(write(rotation=45))


def test_an_unknown_codec_is_refused():
    data = clip("avi").replace(b"FMP4", b"\0XYZ")
    with pytest.raises((UnsupportedSource, CorruptSource)):
        SAMPLED(data)


def test_without_pyav_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    for spec in ("sample_frames:5/npy", "sample_frames:5/mp4"):
        with pytest.raises(SpecError, match=r"pip install 'jitprep\[video\]'"):
            Pipeline.parse(spec).encode(clip("mp4"))
    assert Pipeline.parse("sample_frames:5/resize:8,8/npy").output.shape == (5, 3, 8, 8)


def test_pyav_is_imported_for_the_first_video_alone(tmp_path: Path):
    script = (
        "import sys, numpy as np; from preprocessing import Pipeline; "
        "p = Pipeline.parse('sample_frames:2/resize:8,8/npy'); p(np.zeros((4, 9, 9, 3), np.uint8)); "
        "print('av' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
