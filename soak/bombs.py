"""Small files that would take much: each built by a function, and the pipeline that it is read through.

To add one, write a function that returns its bytes and put it under `bomb`.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import Image

Build = Callable[[], bytes]


@dataclass(frozen=True)
class Bomb:
    """A file.

    Parameters
    ----------
    name : str
    specs : tuple of str
        The pipelines that it is read through.
    build : callable
        Returns its bytes.
    """

    name: str
    specs: tuple[str, ...]
    build: Build


BOMBS: list[Bomb] = []


def bomb(name: str, *specs: str) -> Callable[[Build], Build]:
    """Put what a function builds among the files."""

    def put(build: Build) -> Build:
        BOMBS.append(Bomb(name, specs, build))
        return build

    return put


def _chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(height: int, width: int, depth: int, color: int, line: bytes, *before: bytes) -> bytes:
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(b"\0" + line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), *before, _chunk(b"IDAT", pixels), _chunk(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@bomb(
    "PNG of 81 megapixels of one bit",
    "resize:224,224/npy",
    "hog/npy",
    "canny/npy",
    "denoise_bilateral/npy",
    "denoise_tv/npy",
    "clahe/npy",
    "to_lab/npy",
    "equalize/webp:lossless=true",
)
def _large_png() -> bytes:
    return _png(9000, 9000, 1, 0, bytes(1125))


@bomb("PNG of 4 megapixels of noise, repeated", "hog/npy", "denoise_tv/npy", "canny:sigma=100/npy")
def _busy_png() -> bytes:
    line = np.random.default_rng(0).integers(0, 256, 6000, np.uint8).tobytes()
    return _png(2000, 2000, 8, 2, line)


@bomb("PNG of 400 megapixels", "resize:224,224/npy")
def _huge_png() -> bytes:
    return _png(20_000, 20_000, 1, 0, bytes(2500))


@bomb("PNG with 300 MB of zeros in its colour profile", "resize:224,224/npy")
def _text_png() -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(300)) + packer.flush()
    return _png(64, 64, 8, 2, bytes(192), _chunk(b"iCCP", b"name\0\0" + packed))


@bomb(
    "PNG of one row of 65,535 pixels",
    "resize:256/npy",
    "resize:60000,1/png",
    "rotate:45,expand=true/npy",
)
def _strip_png() -> bytes:
    return _png(1, 65_535, 8, 2, bytes(3 * 65_535))


@bomb("progressive JPEG of 3,000 scans", "resize:224,224/npy")
def _many_scans() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4096, 4096)).save(file, "JPEG", progressive=True, quality=50)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]
    return data[:last] + scan * 3000 + b"\xff\xd9"


@bomb("progressive JPEG of 64 megapixels", "resize:224,224/npy")
def _progressive() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8000, 8000)).save(file, "JPEG", progressive=True, subsampling=0)
    return file.getvalue()


@bomb("TIFF of 4,000,000 strips", "resize:224,224/npy")
def _many_strips() -> bytes:
    count, at = 4_000_000, 16
    first = at + 2 + 12 * 9 + 4
    tags = (
        (256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, count, first), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 1, 8),
    )  # fmt: skip
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<2sHI", b"II", 42, at) + bytes(8)
    return head + table + bytes(4) + struct.pack("<I", 8) * count


@bomb("GIF of a canvas of 65,535 x 65,535", "resize:224,224/npy")
def _large_gif() -> bytes:
    file = io.BytesIO()
    Image.new("P", (8, 8)).save(file, "GIF")
    data = bytearray(file.getvalue())
    data[6:10] = struct.pack("<HH", 65_535, 65_535)
    return bytes(data)


@bomb("WebP of a canvas of 16,383 x 16,383", "resize:224,224/npy")
def _large_webp() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    data = bytearray(file.getvalue())
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    return bytes(data)


@bomb(
    "WAV of silence, 60 MB",
    "stretch:0.1/npy",
    "spectrogram:n_fft=4096,hop_length=1/npy",
    "resample:480000/flac",
)
def _long_wav() -> bytes:
    size = 60_000_000
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 44_100, 88_200, 2, 16)
    body = form + b"data" + struct.pack("<I", size) + bytes(size)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


@bomb("CSV of 10,000,000 rows of a letter", "text/csv:a/jsonl")
def _short_rows() -> bytes:
    return b"a\n" + b"x\n" * 10_000_000


@bomb("HTML nested a million deep", "text/strip_html")
def _deep_html() -> bytes:
    return b"<div>" * 1_000_000 + b"x"


@bomb("MP4 of 20,000 empty frames of 4K", "sample_frames:2/resize:32,32/npy")
def _long_film() -> bytes:
    import av  # noqa: PLC0415  for this one

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        track = container.add_stream("libx264", rate=30)
        track.width, track.height, track.pix_fmt = 3840, 2160, "yuv420p"
        track.options = {
            "preset": "ultrafast", "crf": "51", "x264-params": "keyint=100000:scenecut=0",
        }  # fmt: skip
        picture = av.VideoFrame.from_ndarray(np.zeros((2160, 3840, 3), np.uint8), format="rgb24")
        frame = picture.reformat(format="yuv420p")
        for number in range(30):
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    file.seek(0)
    return _lengthened(file, 20_000)


def _lengthened(film: io.BytesIO, frames: int) -> bytes:
    """Return the film with its skipped frames again and again."""
    import av  # noqa: PLC0415  for this one

    source, longer = av.open(film), io.BytesIO()
    stream = source.streams.video[0]
    packets = [packet for packet in source.demux(stream) if packet.size]
    data, base = [bytes(packet) for packet in packets], stream.time_base
    step = (packets[1].dts or 0) - (packets[0].dts or 0)
    with av.open(longer, "w", format="mp4") as container:
        track = container.add_stream_from_template(stream)
        for number in range(frames):
            packet = av.Packet(data[1 + (number - 1) % (len(data) - 1)] if number else data[0])
            packet.pts = packet.dts = number * step
            packet.time_base, packet.is_keyframe, packet.stream = base, number == 0, track
            packet.duration = step
            container.mux(packet)
    return longer.getvalue()
