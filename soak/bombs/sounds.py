"""Hostile audio: long silence, endless tags and pages, samples without bytes."""

from __future__ import annotations

import io
import struct

import numpy as np

from soak.bombs.base import bomb

_SPEC = "audio/mono/npy"


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


def _written(form: str, subtype: str | None = None, seconds: int = 1, channels: int = 1) -> bytes:
    import soundfile  # noqa: PLC0415  for these

    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 48_000, channels, subtype, format=form) as sound:
        for _ in range(seconds):
            sound.write(np.zeros((48_000, channels), np.float32))
    return file.getvalue()


def _tag(size: int, body: bytes = b"") -> bytes:
    """Return an ID3v2 tag that declares a length of `size` bytes."""
    sizes = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + sizes + body


@bomb(
    "FLAC of 8 channels of silence, three minutes",
    _SPEC,
    "log_mel:whisper/npy",
    "resample:480000/flac",
)
def _silent_flac() -> bytes:
    return _written("FLAC", "PCM_16", 180, 8)


@bomb("FLAC that claims 2^36 samples", _SPEC)
def _lying_flac() -> bytes:
    data = bytearray(_written("FLAC"))
    at = 8 + 13  # the samples' 36 bits end 18 bytes into STREAMINFO's body
    data[at] |= 15
    data[at + 1 : at + 5] = b"\xff\xff\xff\xff"
    return bytes(data)


@bomb("FLAC of 1,000,000 blocks of metadata", _SPEC)
def _many_flac_blocks() -> bytes:
    data = _written("FLAC")
    return data[:42] + b"\x01\0\0\0" * 1_000_000 + data[42:]


@bomb("FLAC that claims 2^32 comments", _SPEC)
def _lying_comments() -> bytes:
    data = _written("FLAC")
    comments = struct.pack("<II", 0, 2**32 - 1) + bytes(64)
    return data[:42] + b"\x04" + len(comments).to_bytes(3, "big") + comments + data[42:]


@bomb("FLAC behind 1,000,000 ID3v2 tags", _SPEC)
def _many_tags() -> bytes:
    return _tag(0) * 1_000_000 + _written("FLAC")


@bomb("MP3 behind an ID3v2 tag of 60 MB", _SPEC)
def _large_tag() -> bytes:
    return _tag(60_000_000, bytes(60_000_000)) + _written("MP3")


@bomb("MP3 that claims an ID3v2 tag of 256 MB", _SPEC)
def _lying_tag() -> bytes:
    return _tag(2**28 - 1, b"TIT2" + b"\x7f" * 4 + bytes(1000))


@bomb("MP3 of silence, three hours", _SPEC)
def _long_mp3() -> bytes:
    return _written("MP3", seconds=10) * 1080


@bomb("MP3 before 20 MB of nearly valid frames", _SPEC)
def _nearly_mp3() -> bytes:
    return _written("MP3") + b"\xff\xfb" * 10_000_000


@bomb("Ogg Vorbis of silence, ten minutes", _SPEC)
def _silent_ogg() -> bytes:
    return _written("OGG", "VORBIS", 600)


@bomb("Ogg of 500,000 empty pages", _SPEC)
def _many_pages() -> bytes:
    data = _written("OGG", "VORBIS")
    page = b"OggS\0\0" + bytes(8) + data[14:18] + bytes(8) + b"\0"
    at = data.index(b"OggS", 4)
    return data[:at] + page * 500_000 + data[at:]


@bomb("Ogg Opus that claims 2^32 comments", _SPEC)
def _lying_opus() -> bytes:
    data = bytearray(_written("OGG", "OPUS"))
    at = data.index(b"OpusTags") + 8
    data[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


@bomb("WAV of 65,535 channels", _SPEC)
def _channels() -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 65_535, 44_100, 0, 65_535, 8)
    body = form + b"data" + struct.pack("<I", 6_553_500) + bytes(6_553_500)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


@bomb("WAV of 1,000,000 chunks", _SPEC)
def _many_wav_chunks() -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 44_100, 88_200, 2, 16)
    body = form + b"abcd\0\0\0\0" * 1_000_000 + b"data" + struct.pack("<I", 88_200) + bytes(88_200)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
