"""Video files of many formats and variants, written by PyAV, about ten kilobytes each."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, FRAMES, FPS = 64, 48, 60, 25


def pictures(count: int = FRAMES, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Return frames that all differ: a texture moves, and a patch becomes brighter."""
    base = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    frames = np.stack([np.roll(base, i, 1) for i in range(count)])
    for i, frame in enumerate(frames):
        frame[: height // 4, : width // 4] = i * 4 % 256
    return frames


def write(
    format_: str = "mp4",
    codec: str = "libx264",
    *,
    frames: np.ndarray | None = None,
    options: Mapping[str, str] | None = None,
    container: Mapping[str, str] | None = None,
    gop: int = 12,
    times: Callable[[int], int] | None = None,
    rotation: int | None = None,
    sound: bool = False,
    pixels: str = "yuv420p",
) -> bytes:
    """Encode frames. `times` are in milliseconds."""
    shown = pictures() if frames is None else frames
    with NamedTemporaryFile() as file:  # some options need a file name, to open it again
        with av.open(file.name, "w", format=format_, options=dict(container or {})) as out:
            track = out.add_stream(codec, rate=FPS, options={"threads": "1", **(options or {})})
            track.height, track.width = shown.shape[1:3]
            track.pix_fmt = pixels
            track.codec_context.gop_size = gop
            track.codec_context.time_base = Fraction(1, 1000) if times else Fraction(1, FPS)
            if rotation is not None:
                track.set_display_rotation(rotation)
            if sound:
                _add_sound(out)
            for i, picture in enumerate(shown):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = times(i) if times else i, track.codec_context.time_base
                out.mux(track.encode(frame))
            out.mux(track.encode(None))
        return Path(file.name).read_bytes()


def _add_sound(out: Any) -> None:
    track = out.add_stream("aac", rate=16000)
    frame = av.AudioFrame.from_ndarray(
        np.zeros((1, 16000), np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate = 16000
    out.mux(track.encode(frame))
    out.mux(track.encode(None))


def sound_alone() -> bytes:
    """Return an MP4 without video."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as out:
        _add_sound(out)
    return stream.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "mp4": write,
    "mp4, no B-frames": lambda: write(options={"bf": "0"}),
    "mp4, open GOPs": lambda: write(options={"x264-params": "open-gop=1:b-adapt=0:scenecut=0"}),
    "mp4, many references": lambda: write(options={"bf": "8", "refs": "8", "b-pyramid": "normal"}),
    "mp4, variable rate": lambda: write(times=lambda i: 3 * i * i),
    "mp4, starts late": lambda: write(times=lambda i: 2000 + 40 * i),
    "mp4, index first": lambda: write(container={"movflags": "+faststart"}),
    "mp4, fragments": lambda: write(container={"movflags": "frag_keyframe+empty_moov"}),
    "mp4, DASH": lambda: write(container={"movflags": "frag_keyframe+empty_moov+dash"}),
    "mp4, sound": lambda: write(sound=True),
    "mp4, one frame": lambda: write(frames=pictures(1)),
    "mp4, one key frame": lambda: write(gop=600),
    "mp4, all key frames": lambda: write(gop=1),
    "mp4, rotated": lambda: write(rotation=90),
    "mp4, upside down": lambda: write(rotation=180),
    "mp4, odd sides": lambda: write(codec="mpeg4", frames=pictures(height=47, width=33)),
    "mp4, interlaced": lambda: write(
        options={"flags": "+ilme+ildct", "x264-params": "interlaced=1"}
    ),
    "mp4, full range": lambda: write(pixels="yuvj444p"),
    "mp4, 10 bits": lambda: write(pixels="yuv420p10le", options={"profile": "high10"}),
    "mp4, HEVC": lambda: write(codec="libx265", options={"x265-params": "log-level=none"}),
    "mov": lambda: write("mov"),
    "matroska": lambda: write("matroska"),
    "matroska, no duration": lambda: write("matroska", container={"live": "1"}),
    "webm, VP8": lambda: write(
        "webm", "libvpx", options={"auto-alt-ref": "1", "lag-in-frames": "10", "cpu-used": "8"}
    ),
    "webm, VP9": lambda: write("webm", "libvpx-vp9", options={"cpu-used": "8"}),
    "avi": lambda: write("avi", "mpeg4"),
    "avi, B-frames": lambda: write("avi", "mpeg4", options={"bf": "2"}),
    "avi, H.264": lambda: write("avi"),
    "mpeg": lambda: write("mpeg", "mpeg1video"),
    "mpeg, no container": lambda: write("mpeg1video", "mpeg1video"),
    "mpegts": lambda: write("mpegts"),
    "mpegts, MPEG-2": lambda: write("mpegts", "mpeg2video", options={"bf": "2"}),
    "flv": lambda: write("flv"),
}


@cache
def clip(name: str) -> bytes:
    """Return one of the files, which is encoded once per process."""
    return FILES[name]()


class Counted:
    """A source that is read in ranges and counts the reads."""

    def __init__(self, data: bytes) -> None:
        self.data, self.size = data, len(data)
        self.asked: list[tuple[int, int]] = []

    def read_at(self, start: int, length: int) -> bytes:
        assert 0 <= start <= start + length <= self.size
        self.asked.append((start, length))
        return self.data[start : start + length]

    @property
    def bytes_read(self) -> int:
        return sum(length for _, length in self.asked)
