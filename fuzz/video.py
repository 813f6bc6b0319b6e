"""Any bytes as a video: the planned frames, or one of the library's errors."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import av
import numpy as np

from fuzz.laws import SAME_BYTES, require_planned
from preprocessing import Pipeline

RUNS = 1_500
WORDS = [
    "ftyp",
    "moov",
    "mdat",
    "trak",
    "mdia",
    "minf",
    "stbl",
    "stsd",
    "stts",
    "stss",
    "stsz",
    "stco",
]
WORDS += [
    "ctts",
    "elst",
    "edts",
    "tkhd",
    "mvhd",
    "moof",
    "traf",
    "trun",
    "tfhd",
    "sidx",
    "avc1",
    "avcC",
]
WORDS += ["V_VP8", "V_VP9", "RIFF", "AVI ", "idx1", "movi", "webm", "matroska", "co64", "uuid"]
# FFmpeg's containers, with a codec and options.
_FORMATS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("mp4", "libx264", {}),
    ("mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
    ("mov", "mpeg4", {}),
    ("mov", "mjpeg", {}),
    ("matroska", "libx264", {}),
    ("webm", "libvpx", {}),
    ("webm", "libvpx-vp9", {}),
    ("avi", "mpeg4", {}),
    ("mpeg", "mpeg2video", {}),
    ("mpegts", "mpeg2video", {}),
    ("flv", "libx264", {}),
)
PIPELINES = (
    Pipeline.parse("video/resize:8,8/npy"),
    Pipeline.parse("clip:0,stop=0.2/sample_frames:2/resize:4,4/npy"),
    Pipeline.parse("key_frames/resize:4,4/npy"),
)


def seeds() -> Iterator[bytes]:
    """Return eight frames of 32 by 16 pixels in every container."""
    for name, codec, options in _FORMATS:
        stream = BytesIO()
        with av.open(stream, "w", name, options={**options, **SAME_BYTES}) as container:
            track = container.add_stream(codec, 25, options={"g": "4", "threads": "1"})
            track.width, track.height = 32, 16
            track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(8):
                pixels = np.roll(np.arange(1536, dtype=np.uint8).reshape(16, 32, 3), number, axis=1)
                container.mux(track.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
            container.mux(track.encode(None))
        yield stream.getvalue()


def target(data: bytes) -> None:
    """Decode all frames, some, and the key frames."""
    require_planned(PIPELINES, data)
