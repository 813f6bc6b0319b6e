"""Frames are shown at the times in the container, and a video lasts as long as its own track."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from preprocessing import CorruptSource, Pipeline

from ...support.films import RATE, film, numbers

EVERY = [*range(60)]
DROPPED = [*range(20), *range(60, 100)]
VARIOUS = [0, 1, 2, 10, 11, 30, 31, 32, 33, 60, 61, 62, 63, 64, 99]
LATE = [*range(7, 50)]
PATTERNS = {"every": EVERY, "dropped": DROPPED, "various": VARIOUS, "late": LATE}
# Container, codec, whether frames are reordered, whether sound is longer.
WRITTEN = [
    ("avi", "mpeg4", 0, 0),
    ("avi", "libx264", 2, 0),
    ("mp4", "libx264", 0, 0),
    ("mp4", "libx264", 0, 7),
    ("matroska", "libx264", 2, 0),
    ("matroska", "libx264", 0, 7),
    ("webm", "libvpx", 0, 7),
    ("flv", "libx264", 2, 0),
    ("flv", "libx265", 2, 0),
    ("mpegts", "mpeg2video", 0, 0),
    ("mpegts", "mpeg2video", 0, 7),
    ("mpegts", "mpeg2video", 0, 60),
    ("mpegts", "libx264", 2, 7),
    ("mpegts", "mpeg4", 0, 7),
]
# FFmpeg's muxers of AVI and MP4 lose the end of a video with reordered frames and varying rates. The AVI
# muxer writes late frames at once, and shows the first until the second is due.
LOST = {("avi", 2, "various"), ("avi", 0, "late")}


def sampled(data: bytes, count: int) -> list[int]:
    return numbers(Pipeline.parse(f"sample_frames:{count}/npy:layout=hwc")(data))


def shown(pattern: list[int], moment: Fraction) -> int:
    return max(i for i in pattern if i <= pattern[0] + moment * RATE)


@pytest.mark.parametrize(
    ("format_", "codec", "reordered", "sound", "name"),
    [
        (*written, name)
        for written in WRITTEN
        for name in PATTERNS
        if (written[0], written[2], name) not in LOST
    ],
)
def test_frames_are_those_shown_at_their_moments(format_, codec, reordered, sound, name):
    pattern = PATTERNS[name]
    data = film(format_, codec, pattern, sound=sound, reordered=reordered)
    length = Fraction(pattern[-1] + 1 - pattern[0], RATE)
    assert Pipeline.parse("video/npy").plan(data).source.header.length == pytest.approx(
        float(length), abs=0.03
    )
    for count in (1, 3, 10, 25):
        expected = [shown(pattern, (i + Fraction(1, 2)) * length / count) for i in range(count)]
        assert sampled(data, count) == expected, count


def test_a_clip_of_an_avi_with_empty_chunks_is_of_its_time():
    clip = Pipeline.parse("clip:2.4,stop=2.6/npy:layout=hwc")(film("avi", "mpeg4", DROPPED))
    assert numbers(clip) == [60, 61, 62, 63, 64]


def test_key_frames_of_an_avi_are_of_their_time():
    data = film("avi", "mpeg4", DROPPED, gop=10)
    keys = numbers(Pipeline.parse("key_frames/npy:layout=hwc")(data))
    late = numbers(Pipeline.parse("clip:2/key_frames/npy:layout=hwc")(data))
    assert late == [key for key in keys if key >= 50]
    assert late


def test_an_avi_without_an_index_is_read_by_its_chunks():
    data = film("avi", "mpeg4", DROPPED)
    at = data.rindex(b"idx1")
    bare = bytearray(data[:at])
    struct.pack_into("<I", bare, 4, at - 8)
    assert sampled(bytes(bare), 10) == sampled(data, 10)


def test_a_matroska_without_its_tags_lasts_as_long_as_its_frames():
    data = film("matroska", "libx264", range(100), sound=12)
    bare = data.replace(b"DURATION", b"DURATIOM")
    assert bare != data
    assert sampled(bare, 8) == sampled(data, 8) == [6, 18, 31, 43, 56, 68, 81, 93]


@pytest.mark.parametrize("length", ["00:00:00.000000000", "99:00:04.000000000", "hello"])
def test_a_tag_of_another_edit_is_not_believed(length):
    data = film("matroska", "libx264", range(100), sound=12)
    for tag in (b"00:00:04.000000000", b"00:00:04.000"):
        if tag in data:
            lying = data.replace(tag, length.encode()[: len(tag)].ljust(len(tag), b"\0"))
            break
    assert lying != data
    assert sampled(lying, 8) == sampled(data, 8)


@pytest.mark.parametrize("reordered", [0, 2])
@pytest.mark.parametrize("share", [0.2, 0.25, 0.4])
def test_a_stream_is_taken_from_its_first_decodable_frame(share, reordered):
    data = film("mpegts", "mpeg2video", range(100), gop=25, reordered=reordered)
    cut = data[188 * int(len(data) // 188 * share) :]
    with av.open(io.BytesIO(cut)) as container:
        stream = container.streams.video[0]
        end, frames = stream.start_time + stream.duration, []
        for packet in container.demux(stream):
            try:
                frames += packet.decode()
            except av.error.InvalidDataError:
                assert not frames
    first = frames[0].pts
    assert first > stream.start_time or share == 0.25
    times = [frame.pts for frame in frames]
    plain = numbers(np.stack([frame.to_ndarray(format="rgb24") for frame in frames]))
    expected = []
    for i in range(8):
        moment = first + (end - first) * Fraction(2 * i + 1, 16)
        expected.append(
            max(zip(times, plain, strict=True), key=lambda x: (x[0] <= moment) * x[0])[1]
        )
    assert sampled(cut, 8) == expected


@pytest.mark.parametrize("sound", [0, 7])
def test_time_stamps_that_wrap_change_nothing(sound):
    """Timestamps of a transport stream count 90,000 per second and wrap at 2 ** 33."""
    plain = film("mpegts", "mpeg2video", range(100), sound=sound)
    stream = io.BytesIO()
    with av.open(io.BytesIO(plain)) as source, av.open(stream, "w", format="mpegts") as out:
        tracks = [out.add_stream_from_template(track) for track in source.streams]
        for packet in source.demux():
            if packet.dts is None:
                continue
            packet.pts, packet.dts = packet.pts + 2**33 - 250_000, packet.dts + 2**33 - 250_000
            packet.stream = tracks[packet.stream.index]
            out.mux(packet)
    assert sampled(stream.getvalue(), 10) == sampled(plain, 10)


def test_an_flv_that_is_cut_is_refused():
    data = film("flv", "libx264", EVERY)
    for share in (0.4, 0.7, 0.99):
        with pytest.raises(CorruptSource, match="upload it again"):
            sampled(data[: int(len(data) * share)], 3)


def test_an_edit_list_is_applied_as_ffmpeg_applies_it():
    """Frames that an edit removes are not shown, and time begins with the first one left."""
    data = film("mp4", "libx264", EVERY)
    with av.open(io.BytesIO(data)) as container:
        scale = container.streams.video[0].time_base.denominator
    at = data.index(b"elst") + 4
    edits = bytearray(data)
    # One edit of a second from half a second on. Its duration is in thousandths, the movie's unit.
    struct.pack_into(">IIIii", edits, at, 0, 1, 1000, scale // 2, 1 << 16)
    with av.open(io.BytesIO(bytes(edits))) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        length = stream.duration * stream.time_base
    plain = numbers(np.stack([frame.to_ndarray(format="rgb24") for frame in frames]))
    times = [(frame.pts - frames[0].pts) * frames[0].time_base for frame in frames]
    expected = []
    for i in range(5):
        moment = (i + Fraction(1, 2)) * length / 5
        expected.append(max((t, n) for t, n in zip(times, plain, strict=True) if t <= moment)[1])
    assert sampled(bytes(edits), 5) == expected


@pytest.mark.parametrize(("format_", "codec"), [("mp4", "mpeg2video"), ("mov", "libx264")])
def test_no_key_frame_is_lost_where_frames_are_decoded_before_they_are_shown(format_, codec):
    data = film(format_, codec, range(20), gop=1, reordered=2)
    assert numbers(Pipeline.parse("key_frames/npy:layout=hwc")(data)) == [*range(20)]
    late = Pipeline.parse("clip:0.4/key_frames/npy:layout=hwc")(data)
    assert numbers(late) == [*range(10, 20)]


@pytest.mark.parametrize("count", [1, 5, 60])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video"])
def test_a_program_stream_lasts_as_long_as_its_frames_whose_packets_tell_no_time(codec, count):
    """The decoder takes all of these few packets before it returns the first frame."""
    data = film("mpeg", codec, range(count))
    length = Pipeline.parse("video/npy").plan(data).source.header.length
    assert length == pytest.approx(count / RATE, abs=0.001)
