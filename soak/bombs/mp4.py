"""Hostile MP4s: indexes of samples that do not exist, endless boxes."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from soak.bombs.base import bomb

_SPEC = "video/sample_frames:2/resize:32,32/npy"


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", flags), *parts)


def picture() -> bytes:
    """Return a frame of 64 x 64 as JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 10, 10)).save(file, "JPEG")
    return file.getvalue()


_MATRIX = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_MOVIE = _full(
    b"mvhd", 0, struct.pack(">IIIIIH", 0, 0, 1000, 1000, 1 << 16, 256), bytes(10), _MATRIX,
    bytes(24), struct.pack(">I", 99),
)  # fmt: skip
_PLACE = _box(b"dinf", _full(b"dref", 0, struct.pack(">I", 1), _full(b"url ", 1)))
_JPEG = _full(
    b"stsd", 0, struct.pack(">I", 1),
    _box(b"jpeg", bytes(6), b"\0\1", bytes(16), struct.pack(">HHII", 64, 64, 72 << 16, 72 << 16),
         bytes(4), b"\0\1", bytes(32), struct.pack(">Hh", 24, -1)),
)  # fmt: skip
_AAC = _full(
    b"stsd", 0, struct.pack(">I", 1),
    _box(b"mp4a", bytes(6), b"\0\1", bytes(8), struct.pack(">HHHHI", 2, 16, 0, 0, 48_000 << 16)),
)  # fmt: skip
_TYPE = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2mp41")


def _table(form: bytes, count: int, step: int, sizes: list[int], offset: int) -> bytes:
    """Return the tables of `count` samples, of one byte each if no sizes are given."""
    return _box(
        b"stbl", form, _full(b"stts", 0, struct.pack(">III", 1, count, step)),
        _full(b"stsc", 0, struct.pack(">IIII", 1, 1, count, 1)),
        _full(b"stsz", 0, struct.pack(f">II{len(sizes)}I", 0 if sizes else 1, count, *sizes)),
        _full(b"stco", 0, struct.pack(">II", 1, offset)),
    )  # fmt: skip


def _track(number: int, kind: bytes, table: bytes, within: bytes = b"", *more: bytes) -> bytes:
    seen = kind == b"vide"
    tkhd = _full(
        b"tkhd", 7, struct.pack(">IIIII", 0, 0, number, 0, 1000), bytes(16), _MATRIX,
        struct.pack(">II", 64 << 16, 64 << 16),
    )  # fmt: skip
    scale = 1000 if seen else 48_000
    mdhd = _full(b"mdhd", 0, struct.pack(">IIIIHH", 0, 0, scale, scale, 0x55C4, 0))
    hdlr = _full(b"hdlr", 0, struct.pack(">I4s", 0, kind), bytes(12), b"x\0")
    head = _full(b"vmhd" if seen else b"smhd", 1, bytes(8 if seen else 4))
    minf = _box(b"minf", head, _PLACE, table)
    return _box(
        b"trak", tkhd, *more, _box(b"mdia", mdhd, hdlr, _box(within, minf) if within else minf)
    )


def _film(*extra: bytes, behind: bytes = b"") -> bytes:
    """Return a video of two pictures, with more boxes beside its track and after its movie."""
    frame = picture()
    table = _table(_JPEG, 2, 500, [len(frame)] * 2, len(_TYPE) + 8)
    head = _TYPE + _box(b"mdat", frame, frame)
    return head + _box(b"moov", _MOVIE, _track(1, b"vide", table), *extra) + behind


def _claim(number: int, count: int, within: bytes = b"") -> bytes:
    return _track(number, b"vide", _table(_JPEG, count, 1, [], 40), within)


_DEFAULTS = _box(b"mvex", _full(b"trex", 0, struct.pack(">IIIII", 1, 1, 1, 16, 0)))


def _fragment(count: int) -> bytes:
    return _box(
        b"moof", _full(b"mfhd", 0, struct.pack(">I", 1)),
        _box(b"traf", _full(b"tfhd", 0x18, struct.pack(">III", 1, 1, 16)),
             _full(b"trun", 0, struct.pack(">I", count))),
    ) + _box(b"mdat", bytes(16))  # fmt: skip


@bomb("MP4 with a fragment of 2^26 samples", _SPEC)
def _large_run() -> bytes:
    return _film(_DEFAULTS, behind=_fragment(2**26))


@bomb("MP4 with 5,000 fragments of 100,000 samples", _SPEC)
def _many_runs() -> bytes:
    return _film(_DEFAULTS, behind=_fragment(100_000) * 5_000)


@bomb("MP4 with 3 tracks of 2^25 samples of sound", _SPEC, "audio/mono/npy")
def _sound_index() -> bytes:
    return _film(_track(2, b"soun", _table(_AAC, 2**25, 1024, [], 40)) * 3)


@bomb("MP4 with an index of 2^25 samples in an edit list", _SPEC)
def _hidden_index() -> bytes:
    return _film(_claim(2, 2**25, b"edts"))


@bomb("MP4 with 15 tracks of 2^22 samples", _SPEC)
def _many_indexes() -> bytes:
    return _film(*(_claim(2 + number, 2**22) for number in range(15)))


@bomb("MP4 with 10,000 tracks", _SPEC)
def _many_tracks() -> bytes:
    return _film(*(_claim(2 + number, 1) for number in range(10_000)))


@bomb("MP4 nested 100,000 deep", _SPEC)
def _deep_boxes() -> bytes:
    deep = 100_000
    heads = b"".join(struct.pack(">I", 8 * (deep - level)) + b"moov" for level in range(deep))
    return _TYPE + heads


@bomb("MP4 with an edit list of 2^28", _SPEC)
def _edits() -> bytes:
    edits = _box(b"edts", _full(b"elst", 0, struct.pack(">I", 2**28), bytes(12)))
    return _film(_track(2, b"vide", _table(_JPEG, 1, 1, [4], 40), b"", edits))


@bomb("MP4 with an index of segments of 65,535, 1,000 times", _SPEC)
def _segments() -> bytes:
    head = struct.pack(">IIIIHH", 1, 1000, 0, 0, 0, 65_535)
    return _film(_DEFAULTS, behind=_full(b"sidx", 0, head, bytes(12)) * 1_000)


@bomb("MP4 with a compressed header of 300 MB of zeros", _SPEC)
def _packed_movie() -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(300)) + packer.flush()
    parts = _box(b"dcom", b"zlib"), _box(b"cmvd", struct.pack(">I", 300 * 10**6), packed)
    return _TYPE + _box(b"moov", _box(b"cmov", *parts)) + _box(b"mdat", bytes(64))


@bomb("MP4 of 1,000,000 empty boxes", _SPEC)
def _many_boxes() -> bytes:
    return _TYPE + _box(b"free") * 1_000_000 + _film()[len(_TYPE) :]
