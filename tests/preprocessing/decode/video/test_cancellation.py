"""Cancelled work ends within a second, whatever it is doing."""

from __future__ import annotations

import io
import time
from fractions import Fraction
from functools import cache

import av
import numpy as np
import pytest
import soundfile

from preprocessing import LimitExceeded, Pipeline, PreprocessingError
from preprocessing.block_reader import BlockReader
from preprocessing.cancellation import Cancelled, Signal, cancellable
from tests.preprocessing.support.sounds import chord

from ...support.clips import Counted
from ...support.containers import FTYP, box


@cache
def empty_frames(count: int = 6000, width: int = 3840, height: int = 2160) -> bytes:
    """Return a video of one key frame and many unchanged ones: 100 kB that take hours to decode."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as out:
        track = out.add_stream("libx264", rate=30)
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        track.options = {
            **{"preset": "ultrafast", "crf": "51"},
            "x264-params": "keyint=100000:scenecut=0",
        }
        frame = av.VideoFrame.from_ndarray(
            np.zeros((height, width, 3), np.uint8), format="rgb24"
        ).reformat(format="yuv420p")
        for i in range(12):
            frame.pts, frame.time_base = i, Fraction(1, 30)
            out.mux(track.encode(frame))
        out.mux(track.encode())
    stream.seek(0)
    made = io.BytesIO()
    with av.open(stream) as source, av.open(made, "w", format="mp4") as out:
        found = source.streams.video[0]
        packets = [packet for packet in source.demux(found) if packet.size]
        step, unit = packets[1].dts - packets[0].dts, found.time_base
        track = out.add_stream_from_template(found)
        for number in range(count):
            content = bytes(packets[0 if not number else 1 + (number - 1) % (len(packets) - 1)])
            packet = av.Packet(content)
            packet.pts = packet.dts = number * step
            packet.time_base, packet.stream, packet.duration = unit, track, step
            packet.is_keyframe = number == 0
            out.mux(packet)
    return made.getvalue()


@pytest.mark.parametrize("ranged", [False, True])
@pytest.mark.parametrize(
    "spec",
    ["sample_frames:2/resize:32,32/npy", "clip:100/resize:32,32/npy", "video/resize:32,32/npy"],
)
def test_a_long_video_is_cancelled_within_a_second(spec, ranged, capfd):
    data = empty_frames()
    pipeline = Pipeline.parse(spec)
    start = time.monotonic()
    with cancellable(Signal(at=start + 0.4)), pytest.raises(Cancelled):
        pipeline(Counted(data) if ranged else data)
    assert time.monotonic() - start < 1.4
    assert capfd.readouterr() == ("", "")  # no error was raised where it would be lost


def test_reading_is_cancelled_within_ffmpeg(capfd):
    data = empty_frames()
    signal = Signal()

    class Stopped(Counted):
        def read_at(self, start: int, length: int) -> bytes:
            if len(self.asked) == 1:
                signal.cancel()
            return super().read_at(start, length)

    with cancellable(signal), pytest.raises(Cancelled):
        Pipeline.parse("video/resize:8,8/npy")(Stopped(data))
    assert capfd.readouterr() == ("", "")


class Asked(Signal):
    """A signal that is set at the third check."""

    asked = 0

    def over(self, lasting: float) -> bool:
        self.asked += 1
        return self.asked > 2


@pytest.mark.parametrize(("format_", "subtype"), [("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III")])
def test_a_long_sound_is_cancelled_between_blocks(format_, subtype):
    stream, block = io.BytesIO(), chord(1, 16_000)[0]
    with soundfile.SoundFile(stream, "w", 16_000, 1, subtype, format=format_) as made:
        for _ in range(200):
            made.write(block)
    data = stream.getvalue()
    source = Pipeline.parse("audio/npy").plan(data).source
    assert source.holds() > 4 * 200 * 16_000
    with cancellable(Asked()), pytest.raises(Cancelled):
        source.run(data)


def test_boxes_that_are_scattered_cost_few_requests():
    """Return 100 MB of fragments, each too far from the last to be read together."""
    free = box(b"free", bytes(40_000))
    source = Counted(FTYP + free * 2500)
    with pytest.raises(PreprocessingError, match=r"damaged|limit|cut off"):
        Pipeline.parse("sample_frames:2/resize:8,8/npy")(source)
    assert len(source.asked) < 100


def test_the_requests_of_one_read_are_bounded():
    source = Counted(bytes(2**20))
    source.size = 2**40
    source.read_at = lambda start, length: bytes(length)  # type: ignore[method-assign]
    pieces = BlockReader(source, 2**40)
    for place in range(1024):
        pieces.read_at(place * 2**24, 8)
    with pytest.raises(LimitExceeded, match="more than 1024 requests"):
        pieces.read_at(2**36, 8)
    assert pieces.requests == 1025
    pieces.expect_place()  # a wanted frame may take a few more
    pieces.read_at(2**37, 8)
