"""A few kilobytes that claim gigabytes are refused before anything takes them."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from preprocessing import CorruptSource, LimitExceeded, Limits, Pipeline, UnsupportedSource
from preprocessing.errors import PreprocessingError

from ...support.clips import FILES, clip
from ...support.films import film

SAMPLED = Pipeline.parse("video/sample_frames:2/resize:32,32/npy")
REFUSED = (LimitExceeded, CorruptSource, UnsupportedSource)


def peak() -> int:
    """Most KiB that the process had: getrusage's number would be the parent's, where that is more."""
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
# Each claims as many entries as its number says, and has none of them.
TABLES = {
    b"stsz": lambda n: full(b"stsz", 0, words(1, n)),
    b"stz2": lambda n: full(b"stz2", 0, words(8, n)),
    b"stts": lambda n: full(b"stts", 0, words(n, 1, 1)),
    b"ctts": lambda n: full(b"ctts", 0, words(n, 1, 1)),
    b"stsc": lambda n: full(b"stsc", 0, words(n, 1, 1, 1)),
    b"stco": lambda n: full(b"stco", 0, words(n, 40)),
    b"co64": lambda n: full(b"co64", 0, words(n, 0, 40)),
    b"stss": lambda n: full(b"stss", 0, words(n, 1)),
    b"elst": lambda n: full(b"elst", 0, words(n, 1, 0, 1 << 16)),
    b"sbgp": lambda n: full(b"sbgp", 0, b"sync", words(n, 1, 1)),
    b"sgpd": lambda n: full(b"sgpd", 0, b"sync", words(n, 1)),
    b"trun": lambda n: full(b"trun", 0, words(n)),
    b"senc": lambda n: full(b"senc", 0, words(n)),
    b"iinf": lambda n: full(b"iinf", 1 << 24, words(n)),
    b"iloc": lambda n: full(b"iloc", 2 << 24, b"\0\0", words(n)),
    b"keys": lambda n: full(b"keys", 0, words(n)),
    b"pssh": lambda n: full(b"pssh", 1 << 24, bytes(16), words(n)),
}
WRAPS = (
    b"edts",
    b"udta",
    b"minf",
    b"mdia",
    b"dinf",
    b"tref",
    b"sinf",
    b"schi",
    b"mvex",
    b"traf",
    b"stbl",
)
HANDED = {
    "a run of samples, none of them there": lambda: mp4(TREX, tail=run(0, 1 << 26)),
    "a run of samples that have fields": lambda: mp4(TREX, tail=run(0xF00, 1 << 24)),
    "tracks of sound": lambda: mp4(sound(1 << 25) * 3),
    "a table in another box": lambda: mp4(
        track(2, b"vide", b"", box(b"edts", table(JPEG_ENTRY, 1 << 25, 1, [], 40)))
    ),
    "the sum of many tracks": lambda: mp4(b"".join(video(1 << 22) for _ in range(12))),
    "a thousand tracks": lambda: mp4(b"".join(video(2) for _ in range(1000))),
    "many runs": lambda: mp4(TREX, tail=run(0, 1 << 21) * 40),
    "a table in the description of samples": lambda: mp4(
        track(2, b"vide", table(JPEG_ENTRY + full(b"stsz", 0, words(1, 1 << 25)), 2, 1, [9, 9], 40))
    ),
    "a compressed header": lambda: (
        FTYP
        + box(
            b"moov",
            box(
                b"cmov",
                box(b"dcom", b"zlib"),
                box(b"cmvd", words(1 << 30), zlib.compress(box(b"moov", MVHD, GOOD))),
            ),
        )
    ),
    "a header that was put out of use": lambda: FTYP + box(b"free", MVHD, video(1 << 25)),
    "an index of fragments at the end": lambda: mp4(
        TREX,
        tail=run(0, 1)
        + box(
            b"mfra", full(b"tfra", 0, words(1, 0, 1 << 28)), full(b"mfro", 0, words(8 + 24 + 16))
        ),
    ),
    "edits that repeat a long track": lambda: mp4(
        track(
            *(2, b"vide", table(JPEG_ENTRY, 60_000, 1, [1] * 60_000, 40)),
            box(b"edts", full(b"elst", 0, words(4000), words(60_000, 0, 1 << 16) * 4000)),
        )
    ),
}


@pytest.mark.parametrize("name", HANDED)
def test_a_bomb_is_refused_by_name(name):
    with pytest.raises(REFUSED) as caught:
        SAMPLED(HANDED[name]())
    assert "damaged" not in str(caught.value) or "may be" in str(caught.value)


CHILD = """
import json, random, sys, time
from preprocessing import Limits, Pipeline
from preprocessing.errors import PreprocessingError
from tests.preprocessing.decode.video.test_bombs import HANDED, SAMPLED, mp4, nested, peak
SAMPLED(mp4())
before = peak()
seen = []
for make in [*HANDED.values(), *(nested(seed) for seed in range(300))]:
    data, start = make(), time.perf_counter()
    try:
        SAMPLED(data, limits=Limits(memory=512 << 20))
        outcome = "ok"
    except PreprocessingError as error:
        outcome = type(error).__name__
    seen.append((outcome, time.perf_counter() - start))
print(json.dumps([seen, peak() - before]))
"""


def nested(seed: int):
    """A table anywhere, in any boxes, that claims 2 ** 24 entries or more."""

    def make() -> bytes:
        rng = random.Random(seed)
        content = rng.choice(list(TABLES.values()))(1 << rng.randint(24, 31))
        for _ in range(rng.randint(0, 5)):
            content = box(rng.choice(WRAPS), content)
        if rng.random() < 0.3:
            return mp4(content)
        if rng.random() < 0.3:
            return mp4(tail=content)
        return mp4(track(2, rng.choice((b"vide", b"soun", b"text")), content))

    return make


def test_no_bomb_takes_memory_or_time():
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True, timeout=120
    )
    seen, taken = json.loads(done.stdout)
    assert max(seconds for _, seconds in seen) < 2
    assert taken < 64 * 1024  # KiB
    assert not [outcome for outcome, _ in seen if outcome == "ok"]


def test_real_files_are_not_refused_for_what_they_claim():
    for name in FILES:
        if not name.startswith("mp4, odd"):
            assert len(SAMPLED(clip(name))) == 2, name


def test_many_tracks_of_matroska_are_refused():
    data = film("matroska", "libx264", range(20))
    name = b"\x16\x54\xae\x6b"
    at = data.index(name, data.index(name) + 4)  # the first is in the list of lists
    width = 9 - data[at + 4].bit_length()
    length = int.from_bytes(data[at + 4 : at + 4 + width], "big") & (1 << 7 * width) - 1
    end = at + 4 + width + length
    entry = data[at + 4 + width : end]
    many = entry * 200
    segment = data.index(b"\x18\x53\x80\x67") + 4
    made = data[:segment] + b"\x01" + b"\xff" * 7 + data[segment + 8 : at]
    made += name + (1 << 28 | len(many)).to_bytes(4, "big") + many + data[end:]
    with pytest.raises(LimitExceeded, match="tracks"):
        SAMPLED(made)


def test_many_streams_of_an_avi_are_refused():
    data = film("avi", "mpeg4", range(20))
    start = data.index(b"strl") - 8
    length = 8 + int.from_bytes(data[start + 4 : start + 8], "little")
    stream = data[start : start + length]
    hdrl = int.from_bytes(data[16:20], "little") + 199 * length
    made = data[:16] + struct.pack("<I", hdrl) + data[20:start] + stream * 200
    made += data[start + length :]
    made = made[:4] + struct.pack("<I", len(made) - 8) + made[8:]
    with pytest.raises(LimitExceeded, match="200 tracks"):
        SAMPLED(made)


def vint(number: int) -> bytes:
    return (1 << 56 | number).to_bytes(8, "big")


def element(name: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return bytes.fromhex(name) + vint(len(body)) + body


def matroska(*more: bytes) -> bytes:
    """A film of one JPEG, with more before the frame."""
    head = element("1a45dfa3", element("4282", b"matroska"), element("4287", b"\4"))
    info = element("1549a966", element("2ad7b1", (10**6).to_bytes(4, "big")))
    size = element("e0", element("b0", b"\x40"), element("ba", b"\x40"))
    kind = [element("d7", b"\1"), element("73c5", b"\1"), element("83", b"\1")]
    tracks = element("1654ae6b", element("ae", *kind, element("86", b"V_MJPEG"), size))
    cluster = element("1f43b675", element("e7", b"\0"), element("a3", b"\x81\0\0\x80" + JPEG))
    return head + element("18538067", info, tracks, *more, cluster)


LISTS = {
    "cues": element("1c53bb6b", bytes.fromhex("bb80") * (3 << 20)),
    "tags": element("1254c367", bytes.fromhex("737380") * 2**20),
    "chapters": element("1043a770", element("45b9", bytes.fromhex("b680") * 2**20)),
    "attachments": element("1941a469", bytes.fromhex("61a780") * 4096),
    "tracks": element("1654ae6b", bytes.fromhex("ae80") * 4096),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_nothing_are_refused(name):
    assert len(SAMPLED(matroska())) == 2
    with pytest.raises(LimitExceeded, match="more than the limit"):
        SAMPLED(matroska(LISTS[name]))


def test_a_list_that_is_longer_than_its_file_is_refused():
    with pytest.raises(CorruptSource):
        SAMPLED(matroska(bytes.fromhex("1c53bb6b") + vint(2**40)))


def test_many_streams_side_by_side_are_refused():
    data = clip("mpegts")
    packets = b"".join(
        bytes([0x47, 0x40 | pid >> 8, pid & 255, 0x10]).ljust(188, b"\xff")
        for pid in range(0x200, 0x600)
    )
    with pytest.raises(LimitExceeded, match="streams, more than the limit"):
        SAMPLED(packets + data)
    assert len(SAMPLED(packets[: 188 * 99] + data)) == 2


GROWING = """
from preprocessing import Limits
from tests.preprocessing.decode.video.test_bombs import JPEG, SAMPLED, element, matroska, peak
more = element("75a1", b"\\xa6\\x80" * (3 << 20))
block = element("a0", element("a1", b"\\x81\\0\\0\\x80" + JPEG), more)
data = matroska(element("1f43b675", element("e7", b"\\0"), block))
SAMPLED(matroska())
before = peak()
try:
    SAMPLED(data, limits=Limits(memory=30 << 20))
    print("ok")
except MemoryError:
    print("MemoryError")
print((peak() - before) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_what_grows_as_it_is_read_is_bounded():
    """Matroska's blocks of nothing, of which FFmpeg makes thirty times as much."""
    done = subprocess.run(
        [sys.executable, "-c", GROWING], capture_output=True, text=True, check=True, timeout=60
    )
    outcome, taken = done.stdout.split()
    assert outcome in ("MemoryError", "ok")  # FFmpeg passes over what it finds no memory for
    assert not done.stderr
    assert int(taken) < 30 + 32


def test_decoding_is_refused_by_what_it_would_hold():
    with pytest.raises(LimitExceeded, match="would hold"):
        SAMPLED(clip("mp4"), limits=Limits(memory=2**16))
    held = SAMPLED.plan(clip("mp4")).source.holds()
    assert 64 * 48 * 3 < held < 2**24


GUARDED = """
import numpy, resource
from preprocessing.decode.video.memory_guard import bounded
before = resource.getrlimit(resource.RLIMIT_DATA)
with bounded(64 << 20):
    with bounded(64 << 20):
        numpy.ones(100 << 20, numpy.uint8)
    try:
        numpy.ones(200 << 20, numpy.uint8)
        print("taken")
    except MemoryError:
        print("refused")
numpy.ones(200 << 20, numpy.uint8)
print(resource.getrlimit(resource.RLIMIT_DATA) == before)
"""

UNCHECKED = """
from preprocessing import Limits
from preprocessing.decode.video import decoder as video
from tests.preprocessing.decode.video.test_bombs import HANDED, SAMPLED, mp4, peak
SAMPLED(mp4())
before = peak()
video.require_plausible = lambda *arguments: None
for name in ("a run of samples, none of them there", "the sum of many tracks"):
    try:
        SAMPLED(HANDED[name](), limits=Limits(memory=300 << 20))
        print("ok")
    except Exception as error:
        print(type(error).__name__)
print((peak() - before) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_the_guard_holds_where_no_parser_does():
    done = subprocess.run(
        [sys.executable, "-c", GUARDED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["refused", "True"]
    done = subprocess.run(
        [sys.executable, "-c", UNCHECKED], capture_output=True, text=True, check=True, timeout=60
    )
    first, second, taken = done.stdout.split()
    assert first == "MemoryError"  # which is not damage
    assert second in ("ok", "MemoryError")
    assert int(taken) < 300 + 32


def test_an_error_of_a_bomb_says_something():
    for make in HANDED.values():
        with pytest.raises(PreprocessingError) as caught:
            SAMPLED(make())
        assert len(str(caught.value)) > 30
