"""Hostile videos other than MP4 indexes: endless lists, frames that take no bytes."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import numpy as np

from soak.bombs.base import bomb
from soak.bombs.mp4 import picture

_SPEC = "video/sample_frames:2/resize:32,32/npy"


def _element(name: int, body: bytes, size: int | None = None) -> bytes:
    """Return a Matroska element; ``size`` is the size that it declares."""
    said = len(body) if size is None else size
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + (1 << 56 | said).to_bytes(8) + body


_EBML = _element(0x1A45DFA3, _element(0x4282, b"matroska"))
_FRAME = _element(0xE0, _element(0xB0, b"\x40") + _element(0xBA, b"\x40"))


def _entry(number: int) -> bytes:
    parts = (
        (0xD7, number.to_bytes(3)), (0x73C5, number.to_bytes(3)), (0x83, b"\x01"),
        (0x86, b"V_MJPEG"),
    )  # fmt: skip
    return _element(0xAE, b"".join(_element(*part) for part in parts) + _FRAME)


def _matroska(*parts: bytes) -> bytes:
    frame = _element(0xA3, b"\x81\0\0\x80" + picture())
    cluster = _element(0x1F43B675, _element(0xE7, b"\0") + frame * 2)
    tracks = _element(0x1654AE6B, _entry(1))
    return _EBML + _element(0x18538067, tracks + b"".join(parts) + cluster)


@bomb("Matroska of 30,000 tracks", _SPEC)
def _matroska_tracks() -> bytes:
    return _matroska(_element(0x1654AE6B, b"".join(_entry(2 + n) for n in range(30_000))))


@bomb("Matroska of 1,000,000 index entries", _SPEC)
def _cues() -> bytes:
    place = _element(0xB7, _element(0xF7, b"\x01") + _element(0xF1, b"\0"))
    return _matroska(
        _element(0x1C53BB6B, _element(0xBB, _element(0xB3, b"\0") + place) * 1_000_000)
    )


@bomb("Matroska of 500,000 tags", _SPEC)
def _matroska_tags() -> bytes:
    tag = _element(0x67C8, _element(0x45A3, b"a") + _element(0x4487, b"b"))
    return _matroska(_element(0x1254C367, _element(0x7373, tag * 500_000)))


@bomb("Matroska nested 5,000 deep", _SPEC)
def _deep_matroska() -> bytes:
    body = b""
    for _ in range(5_000):
        body = _element(0xB6, body)
    return _matroska(_element(0x1043A770, _element(0x45B9, body)))


@bomb("Matroska with an attachment that claims 2 GB", _SPEC)
def _attachment() -> bytes:
    attached = _element(0x61A7, _element(0x465C, bytes(64), 2**31), 2**31 + 64)
    return _matroska(_element(0x1941A469, attached, 2**31 + 128))


@bomb("Matroska of 1,000,000 frames in a cluster", _SPEC)
def _blocks() -> bytes:
    blocks = _element(0xA3, b"\x81\0\0\x80") * 1_000_000
    return _matroska(_element(0x1F43B675, _element(0xE7, b"\0") + blocks))


def _chunk(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    said = struct.pack("<I", len(body) if size is None else size)
    return kind + said + body + bytes(len(body) % 2)


def _avi(streams: int, frames: bytes, index: bytes) -> bytes:
    head = struct.pack("<14I", 40_000, 0, 0, 16, 2, 0, streams, 0, 64, 64, 0, 0, 0, 0)
    about = b"vidsMJPG" + struct.pack(
        "<IHHIIIIIIIIHHHH", 0, 0, 0, 0, 1, 25, 0, 2, 0, 0, 0, 0, 0, 64, 64
    )
    form = struct.pack("<IiiHH4sIiiII", 40, 64, 64, 1, 24, b"MJPG", 64 * 64 * 3, 0, 0, 0, 0)
    stream = _chunk(b"LIST", b"strl" + _chunk(b"strh", about) + _chunk(b"strf", form))
    headers = _chunk(b"LIST", b"hdrl" + _chunk(b"avih", head) + stream * streams)
    return _chunk(b"RIFF", b"AVI " + headers + _chunk(b"LIST", b"movi" + frames) + index)


@bomb("AVI of 5,000 streams", _SPEC)
def _avi_streams() -> bytes:
    return _avi(5_000, _chunk(b"00dc", picture()) * 2, b"")


@bomb("AVI of 2,000,000 index entries", _SPEC)
def _avi_index() -> bytes:
    entries = struct.pack("<4sIII", b"00dc", 16, 4, 0) * 2_000_000
    return _avi(1, _chunk(b"00dc", picture()) * 2, _chunk(b"idx1", entries))


@bomb("AVI of 2,000,000 empty chunks", _SPEC)
def _avi_empty() -> bytes:
    return _avi(1, _chunk(b"00dc", picture()) + _chunk(b"00dc", b"") * 2_000_000, b"")


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
        black = av.VideoFrame.from_ndarray(np.zeros((2160, 3840, 3), np.uint8), format="rgb24")
        frame = black.reformat(format="yuv420p")
        for number in range(30):
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    file.seek(0)
    return _lengthened(file, 20_000)


def _lengthened(film: io.BytesIO, frames: int) -> bytes:
    """Return the video with its skipped frames repeated."""
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
