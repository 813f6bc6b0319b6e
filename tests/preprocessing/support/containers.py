"""MP4 and Matroska files written box by box, so that they can claim anything."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from PIL import Image

from preprocessing import Pipeline

SAMPLED = Pipeline.parse("video/sample_frames:2/resize:32,32/npy")


def peak() -> int:
    """Return the peak resident KiB of the process. getrusage would include the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full(kind: bytes, flags: int, *content: bytes) -> bytes:
    return box(kind, struct.pack(">I", flags), *content)


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


MATRIX = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


MVHD = full(
    b"mvhd", 0, words(0, 0, 1000, 1000, 1 << 16), b"\1\0", bytes(10), MATRIX, bytes(24), words(99)
)


DINF = box(b"dinf", full(b"dref", 0, words(1), full(b"url ", 1)))


JPEG_ENTRY = box(
    b"jpeg",
    *(bytes(6), b"\0\1", bytes(16), struct.pack(">HHII", 64, 64, 0x480000, 0x480000)),
    *(bytes(4), b"\0\1", bytes(32), struct.pack(">Hh", 24, -1)),
)


AAC_ENTRY = box(
    b"mp4a", bytes(6), b"\0\1", bytes(8), struct.pack(">HHHHI", 2, 16, 0, 0, 48_000 << 16)
)


def described(entry: bytes) -> bytes:
    return full(b"stsd", 0, words(1), entry)


def jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 10, 10)).save(stream, "JPEG")
    return stream.getvalue()


JPEG = jpeg()


FTYP = box(b"ftyp", b"isom", words(512), b"isomiso2mp41")


def table(
    entry: bytes, count: int, duration: int, sizes: list[int], at: int, *more: bytes
) -> bytes:
    return box(
        b"stbl",
        described(entry),
        full(b"stts", 0, words(1, count, duration)),
        full(b"stsc", 0, words(1, 1, count, 1)),
        full(b"stsz", 0, words(0 if sizes else 1, count, *sizes)),
        full(b"stco", 0, words(1, at)),
        *more,
    )


def track(number: int, kind: bytes, content: bytes, *more: bytes) -> bytes:
    tkhd = full(
        *(b"tkhd", 7, words(0, 0, number, 0, 1000), bytes(16), MATRIX, words(64 << 16, 64 << 16))
    )
    scale = 1000 if kind == b"vide" else 48_000
    mdhd = full(b"mdhd", 0, words(0, 0, scale, scale), struct.pack(">HH", 0x55C4, 0))
    hdlr = full(b"hdlr", 0, words(0), kind, bytes(12), b"x\0")
    head = full(b"vmhd", 1, bytes(8)) if kind == b"vide" else full(b"smhd", 1, bytes(4))
    minf = box(b"minf", head, DINF, content)
    return box(b"trak", tkhd, *more, box(b"mdia", mdhd, hdlr, minf))


GOOD = track(1, b"vide", table(JPEG_ENTRY, 2, 500, [len(JPEG)] * 2, len(FTYP) + 8))


def mp4(*more: bytes, tail: bytes = b"") -> bytes:
    return FTYP + box(b"mdat", JPEG, JPEG) + box(b"moov", MVHD, GOOD, *more) + tail


def video(count: int) -> bytes:
    return track(2, b"vide", table(JPEG_ENTRY, count, 1, [], 40))


def sound(count: int) -> bytes:
    return track(2, b"soun", table(AAC_ENTRY, count, 1024, [], 40))


def run(flags: int, count: int) -> bytes:
    fragment = box(
        b"traf", full(b"tfhd", 0x18, words(1, 1, 16)), full(b"trun", flags, words(count))
    )
    return box(b"moof", full(b"mfhd", 0, words(1)), fragment) + box(b"mdat", bytes(16))


TREX = box(b"mvex", full(b"trex", 0, words(1, 1, 1, 16, 0)))


def vint(number: int) -> bytes:
    return (1 << 56 | number).to_bytes(8, "big")


def element(name: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return bytes.fromhex(name) + vint(len(body)) + body


def matroska(*more: bytes) -> bytes:
    """Return a Matroska video of one JPEG, with `more` elements before the frame."""
    head = element("1a45dfa3", element("4282", b"matroska"), element("4287", b"\4"))
    info = element("1549a966", element("2ad7b1", (10**6).to_bytes(4, "big")))
    size = element("e0", element("b0", b"\x40"), element("ba", b"\x40"))
    kind = [element("d7", b"\1"), element("73c5", b"\1"), element("83", b"\1")]
    tracks = element("1654ae6b", element("ae", *kind, element("86", b"V_MJPEG"), size))
    cluster = element("1f43b675", element("e7", b"\0"), element("a3", b"\x81\0\0\x80" + JPEG))
    return head + element("18538067", info, tracks, *more, cluster)
