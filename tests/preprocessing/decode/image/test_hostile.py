"""Any bytes end in an array or a typed error, soon, in little memory, with nothing on stderr."""

from __future__ import annotations

import io
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    Pipeline,
    PreprocessingError,
    SourceError,
    UnknownFormat,
)
from tests.photos import photo

from ...support.files import FILES, animated, png_chunks, save, small

# libtiff within Pillow prints to stderr, which cannot be switched off.
PRINTS = ("tiff LZW",)
PIPELINE = Pipeline.parse("grayscale/resize:9,9")
SMALL = {
    "jpeg": FILES["jpeg 4:2:0"],
    "jpeg progressive": FILES["jpeg progressive"],
    "jpeg CMYK": FILES["jpeg CMYK"],
    "png": FILES["png RGB"],
    "png palette": FILES["png palette"],
    "webp": FILES["webp lossy"],
    "webp lossless": FILES["webp lossless"],
    "gif": FILES["gif"],
    "tiff": FILES["tiff RGB"],
    "tiff LZW": FILES["tiff LZW"],
    "bmp": FILES["bmp"],
}


@contextmanager
def quietly_and_soon(seconds: float = 2.0) -> Iterator[None]:
    """Fail if there is a warning, or if it takes long."""
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    assert not caught, [str(warning.message) for warning in caught]
    assert time.perf_counter() - started < seconds


def outcome(data: bytes) -> str:
    """Return the outcome for these bytes: an array, or the name of a typed error with a message."""
    with quietly_and_soon():
        try:
            result = PIPELINE(data)
        except PreprocessingError as error:
            refusal = error
        else:
            assert result.shape == (1, 9, 9)
            return "array"
    assert len(str(refusal)) > 20
    return type(refusal).__name__


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", EmptySource, "0 bytes"),
        (b"hello, world", UnknownFormat, "looks like text"),
        (b"<?xml version='1.0'?><Error/>", UnknownFormat, "HTML or XML"),
        (b"\n <!DOCTYPE html>", UnknownFormat, "HTML or XML"),
        (b"\x00\x01\x02\x03", UnknownFormat, "00 01 02 03"),
        (b"%PDF-1.7\n%\xe2\xe3", UnknownFormat, "a PDF document"),
        (b"RIFF\x10\0\0\0WAVEfmt ", IncompatibleSource, "is audio"),
        (b"\0\0\0\x18ftypavif", CorruptSource, "upload it again"),
        (b"\x93NUMPY\x01\x00", UnknownFormat, "a NumPy array"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, kind: type[SourceError], words: str) -> None:
    with pytest.raises(kind, match=words):
        PIPELINE(data)


@pytest.mark.parametrize("name", FILES)
def test_truncation(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Cut at every byte of the header and at many of the pixels."""
    data = FILES[name]()
    ends = {*range(0, min(len(data), 200), 3), *range(0, len(data), max(1, len(data) // 40))}
    seen = {end: outcome(data[:end]) for end in sorted(ends)}
    assert seen[0] == "EmptySource"
    assert set(seen.values()) <= {"array", "EmptySource", "UnknownFormat", "CorruptSource"}
    assert "CorruptSource" in seen.values()
    assert capfd.readouterr() == ("", "") or name in PRINTS


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("name", SMALL)
def test_half_a_picture_is_not_passed_off_as_a_whole_one(name: str, fraction: float) -> None:
    data = SMALL[name]()
    with pytest.raises(CorruptSource, match="upload it again"):
        PIPELINE(data[: int(len(data) * fraction)])


@pytest.mark.parametrize("name", SMALL)
def test_flipped_bits(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data, random = SMALL[name](), np.random.default_rng(7)
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(random.integers(1, 4)):
            # A bit in a header has the greatest effect.
            at = random.integers(0, min(len(data), random.choice([60, 400, len(data)])))
            broken[at] ^= 1 << random.integers(0, 8)
        outcome(bytes(broken))
    assert capfd.readouterr() == ("", "") or name.startswith("tiff")


@given(st.sampled_from([*SMALL]), st.data())
def test_spliced_files(name: str, data: st.DataObject) -> None:
    """Join the beginning of one format and the end of another."""
    head, tail = SMALL[name](), SMALL[data.draw(st.sampled_from([*SMALL]))]()
    cut = data.draw(st.integers(0, len(head)))
    outcome(head[:cut] + tail[data.draw(st.integers(0, len(tail))) :])


SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"BM",
    b"RIFF\0\0\0\0WEBP",
)


@given(st.sampled_from(SIGNATURES), st.binary(max_size=300))
def test_garbage_behind_a_signature(signature: bytes, garbage: bytes) -> None:
    outcome(signature + garbage)


def _jpeg(side: int) -> bytes:
    data = bytearray(photo("chelsea"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    return bytes(data)


def _png(width: int, height: int, *before: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png_chunks((b"IHDR", header), *before, (b"IDAT", zlib.compress(bytes(1000))))


def _gif(side: int) -> bytes:
    data = bytearray(FILES["gif"]())
    data[6:10] = struct.pack("<HH", side, side)
    return bytes(data)


def _tiff(side: int) -> bytes:
    """Return a TIFF with another width and height: an entry has 12 bytes, with the value last."""
    data = bytearray(FILES["tiff RGB"]())
    start = struct.unpack_from("<I", data, 4)[0]
    for i in range(struct.unpack_from("<H", data, start)[0]):
        entry = start + 2 + 12 * i
        if struct.unpack_from("<H", data, entry)[0] in (256, 257):
            struct.pack_into("<HII", data, entry + 2, 4, 1, side)
    return bytes(data)


def _bmp(side: int) -> bytes:
    data = bytearray(FILES["bmp"]())
    struct.pack_into("<ii", data, 18, side, side)
    return bytes(data)


def _webp(side: int) -> bytes:
    """Return an extended WebP, whose canvas has sides of 24 bits, stored less one."""
    data = bytearray(animated("WEBP"))
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (side - 1).to_bytes(3, "little") * 2
    return bytes(data)


TOO_LARGE: dict[str, Callable[[], bytes]] = {
    "jpeg 65500": lambda: _jpeg(65500),
    "png of 400 megapixels": lambda: _png(20_000, 20_000),
    "png of 2**31": lambda: _png(2**31 - 1, 2**31 - 1),
    "png strip": lambda: _png(2_000_000, 1),
    "gif": lambda: _gif(65535),
    "tiff": lambda: _tiff(40_000),
    "tiff of 2**31": lambda: _tiff(2**31 - 1),
    "bmp": lambda: _bmp(40_000),
    "bmp of 2**31": lambda: _bmp(2**31 - 1),
    "webp": lambda: _webp(16_383),
    "webp of 2**24": lambda: _webp(2**24),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_huge_claims_are_refused_before_memory_is_taken(name: str) -> None:
    data = TOO_LARGE[name]()
    with peak_memory() as peak, quietly_and_soon(), pytest.raises(PreprocessingError) as caught:
        PIPELINE(data)
    # libwebp and libtiff have limits of their own and refuse some.
    assert isinstance(caught.value, LimitExceeded | CorruptSource)
    assert isinstance(caught.value, LimitExceeded) or name.startswith(("webp", "tiff of", "bmp of"))
    assert peak() < 64 * 2**20


def test_400_megapixels_of_valid_png_are_refused_before_memory_is_taken() -> None:
    """All pixels are in the file, compressed to 400 KB."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(2500 * 100)) for _ in range(200)) + packer.flush()
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    data = png_chunks((b"IHDR", header), (b"IDAT", rows))
    with peak_memory() as peak, pytest.raises(LimitExceeded, match="20000 x 20000"):
        PIPELINE(data)
    assert peak() < 64 * 2**20


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt"])
def test_bombs_in_metadata_take_no_memory(kind: bytes) -> None:
    """An unneeded chunk has 300 MB of zeros, compressed to 300 KB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10**6)) for _ in range(300)) + packer.flush()
    start = {b"iCCP": b"name\0\0", b"zTXt": b"key\0\0", b"iTXt": b"key\0\1\0\0\0"}[kind]
    whole = save(small(), "PNG")
    at = 8 + 25  # after the signature and IHDR
    bomb = start + packed
    chunk = struct.pack(">I", len(bomb)) + kind + bomb + struct.pack(">I", zlib.crc32(kind + bomb))
    data = whole[:at] + chunk + whole[at:]
    with peak_memory() as peak:
        assert outcome(data) in {"array", "CorruptSource"}
    assert peak() < 64 * 2**20


@contextmanager
def peak_memory() -> Iterator[Callable[[], int]]:
    """Return by how much peak resident memory grew, including that of C libraries."""
    from pathlib import Path

    def high_water() -> int:
        status = Path("/proc/self/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])

    Path("/proc/self/clear_refs").write_text("5")  # resets the peak to what is resident now
    before = high_water()
    yield lambda: high_water() - before


def test_an_animation_of_a_thousand_frames_costs_one() -> None:
    frames = [Image.new("P", (200, 200), i % 255) for i in range(1000)]
    data = save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with quietly_and_soon(0.5):
        PIPELINE(data)


def test_plan_is_as_safe_as_the_call() -> None:
    for data in (b"", b"text", _png(20_000, 20_000), photo("rocket")[:50]):
        with pytest.raises(PreprocessingError):
            PIPELINE.plan(data)
        with pytest.raises(PreprocessingError):
            PIPELINE.encode(io.BytesIO(data).getvalue())
