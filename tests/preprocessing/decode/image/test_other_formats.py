"""WebP, GIF, BMP and AVIF: complete pictures are decoded whatever follows them, and others refused."""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import CorruptSource, LimitExceeded, Pipeline, UnsupportedSource
from tests.preprocessing.support.files import animated, rgba, save, small

from ...support.damage import bmp_rle, by_pillow, oriented, tiny

PIXELS = Pipeline.parse("npy:hwc")
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@pytest.mark.parametrize("format_", ["WEBP", "AVIF"])
def test_orientation_that_xmp_alone_has(format_: str) -> None:
    data = save(tiny(), format_, xmp=XMP)
    assert PIXELS(data).shape == (*tiny().size, 3)
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


@pytest.mark.parametrize("format_", ["WEBP", "GIF"])
def test_a_first_picture_smaller_than_its_canvas(format_: str) -> None:
    canvas = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    canvas.paste(small().crop((0, 0, 16, 12)), (10, 8))
    frames = [canvas, small().crop((0, 0, 40, 30)).convert("RGBA")]
    data = save(frames[0], format_, save_all=True, append_images=frames[1:], lossless=True)
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


def test_alpha_of_a_webp_may_be_damaged() -> None:
    data = save(rgba(), "WEBP")
    at = data.index(b"ALPH") + 12
    broken = data[:at] + bytes(4) + data[at + 4 :]
    np.testing.assert_array_equal(PIXELS(broken), PIXELS(data))


@pytest.mark.parametrize("format_", ["WEBP", "GIF"])
def test_later_pictures_cost_the_first_one_nothing(format_: str) -> None:
    data = animated(format_)
    at = len(data) - 60
    broken = data[:at] + bytes((data[at] ^ 85,)) + data[at + 1 :]
    np.testing.assert_array_equal(PIXELS(broken), PIXELS(data))


def test_a_gif_without_its_end_is_whole() -> None:
    data = save(tiny().quantize(64), "GIF")
    for end in (len(data) - 1, len(data) - 2):  # the trailer, and the end marker of the data
        np.testing.assert_array_equal(PIXELS(data[:end]), PIXELS(data))


def test_a_gif_that_ends_before_its_last_row() -> None:
    """The codes may end early while everything else is valid."""
    one = save(Image.new("P", (4, 4)), "GIF")
    four = bytearray(one)
    descriptor = one.index(b",")
    four[6:10] = four[descriptor + 5 : descriptor + 9] = struct.pack("<HH", 4, 8)
    with pytest.raises(CorruptSource, match="before the last row"):
        PIXELS(bytes(four))


@pytest.mark.parametrize("nibbles", [False, True])
def test_runs_of_a_bmp(nibbles: bool) -> None:
    data = bmp_rle(nibbles=nibbles)
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


def test_skipped_pixels_of_a_bmp_take_no_time() -> None:
    """Pillow appends them one at a time, which takes 2 s for 8 kB."""
    head = struct.pack("<IiiHHIIiiII", 40, 4000, 4000, 1, 8, 1, 0, 0, 0, 2, 0)
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 62) + head + bytes(8) + b"\0\0" * 4000 + b"\0\1"
    started = time.perf_counter()
    assert PIXELS(data).shape == (4000, 4000, 3)
    assert time.perf_counter() - started < 1.5


def test_runs_of_a_bmp_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skips of 0 pixels could continue without end."""
    head = struct.pack("<IiiHHIIiiII", 40, 9, 9, 1, 8, 1, 0, 0, 0, 2, 0)
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 62) + head + bytes(8) + b"\0\2\0\0" * 2000
    with pytest.raises(CorruptSource, match="cut off"):
        PIXELS(data)
    monkeypatch.setattr("preprocessing.decode.image.bmp_rle._MOST_RUNS", 1000)
    with pytest.raises(LimitExceeded, match="1000 runs"):
        PIXELS(data)


def bmp(bits: int, masks: tuple[int, int, int] | None, pixels: np.ndarray) -> bytes:
    height, width = pixels.shape
    rows = pixels.astype("<u2" if bits == 16 else "<u4").view(np.uint8)
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4))).tobytes()
    extra = struct.pack("<3I", *masks) if masks else b""
    fields = (40, width, height, 1, bits, 3 if masks else 0, 0, 0, 0, 0, 0)
    head = struct.pack("<IiiHHIIiiII", *fields)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + len(extra)) + head + extra + padded


@given(
    st.sampled_from(
        [
            (16, None),
            (16, (0x7C00, 0x3E0, 0x1F)),
            (16, (0xF800, 0x7E0, 0x1F)),
            (32, None),
            (32, (0xFF0000, 0xFF00, 0xFF)),
            (32, (0xFF000000, 0xFF0000, 0xFF00)),
        ]
    ),
    st.integers(1, 7),
    st.integers(0, 2**32),
)
def test_masks_of_a_bmp(
    form: tuple[int, tuple[int, int, int] | None], width: int, seed: int
) -> None:
    bits, masks = form
    pixels = np.random.default_rng(seed).integers(0, 2**bits, (3, width))
    data = bmp(bits, masks, pixels)
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


def test_masks_that_pillow_does_not_know() -> None:
    pixels = np.array([[0xF00, 0x0F0, 0x00F, 0x888]])
    data = bmp(16, (0xF00, 0xF0, 0xF), pixels)
    assert PIXELS(data)[0].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [136, 136, 136]]


def test_variants_of_a_bmp_are_named() -> None:
    data = bytearray(save(tiny(), "BMP"))
    for at, value, words in ((30, 4, "JPEG inside"), (28, 2, "2 bits per pixel"), (14, 16, "OS/2")):
        changed = bytearray(data)
        changed[at] = value
        with pytest.raises(UnsupportedSource, match=words):
            PIXELS(bytes(changed))


def test_a_bmp_of_os2() -> None:
    """The header is longer, and the numbers of its compressions mean others elsewhere."""
    data = save(tiny(), "BMP")
    longer = bytearray(data[:54] + bytes(24) + data[54:])
    longer[10], longer[14] = 78, 64
    np.testing.assert_array_equal(PIXELS(bytes(longer)), np.asarray(tiny()))
    longer[30] = 4
    with pytest.raises(UnsupportedSource, match="an OS/2 compression"):
        PIXELS(bytes(longer))


@pytest.mark.parametrize("more", [{}, {"subsampling": "4:4:4"}, {"quality": 100}, {"alpha": True}])
def test_avif_is_what_pillow_makes_of_it(more: dict[str, object]) -> None:
    image = rgba() if more.pop("alpha", False) else small()
    data = save(image, "AVIF", **more)
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))
    assert Pipeline.parse("npy").plan(data).output.shape == (45, 67, 3)


def test_a_sequence_is_its_first_picture() -> None:
    frames = [small(), small().rotate(180)]
    stream = io.BytesIO()
    frames[0].save(stream, "AVIF", save_all=True, append_images=frames[1:], quality=90)
    error = PIXELS(stream.getvalue()).astype(int) - np.asarray(small())
    assert np.abs(error).mean() < 8


def test_an_avif_that_is_turned() -> None:
    data = oriented("AVIF")
    assert PIXELS(data).shape == (*tiny().size, 3)


def test_coded_pictures_larger_than_the_one_shown() -> None:
    """The file header says 64 x 64, but the header of the coded picture 2,048 x 2,048."""
    data = bytearray(save(Image.new("RGB", (2048, 2048)), "AVIF"))
    at = data.index(b"ispe") + 8
    while at >= 8:
        data[at : at + 8] = struct.pack(">II", 64, 64)
        at = data.find(b"ispe", at) + 8
    with pytest.raises(CorruptSource, match="for a picture of 4096"):
        PIXELS(bytes(data))


@pytest.mark.parametrize("block", [b"!\xfe\0", b"!\xfe" + b"\1a" * 999 + b"\0", b"\0"])
def test_a_gif_of_blocks_without_a_picture(block: bytes) -> None:
    """Each takes a step of a loop before anything else is checked."""
    data = b"GIF89a\1\0\1\0\0\0\0" + block * (8 * 2**20 // len(block))
    started = time.process_time()
    with pytest.raises(CorruptSource, match="before its first picture"):
        PIXELS(data)
    assert time.process_time() - started < 3


def test_boxes_of_an_avif_are_bounded() -> None:
    """The box that describes the pictures has two million empty boxes."""
    inner = bytes(4) + b"\0\0\0\x08free" * 2**21
    meta = struct.pack(">I4s", 8 + len(inner), b"meta") + inner
    started = time.process_time()
    with pytest.raises(CorruptSource, match="more than 131072 boxes"):
        PIXELS(b"\0\0\0\x10ftypavif\0\0\0\0" + meta)
    assert time.process_time() - started < 3
