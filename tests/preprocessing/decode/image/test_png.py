"""PNG: a wrong checksum is an error if the chunk affects the picture, and only then."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from preprocessing import CorruptSource, Pipeline, UnsupportedSource
from tests.preprocessing.support.files import FILES, png_chunks, save, small

from ...support.damage import by_pillow, oriented, tiny

PIXELS = Pipeline.parse("npy:hwc")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    return (
        struct.pack(">I4s", len(body), kind)
        + body
        + struct.pack(">I", zlib.crc32(kind + body) if crc is None else crc)
    )


def places(data: bytes) -> list[tuple[bytes, int, int]]:
    """Return the type, start and end of each chunk."""
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, at, at + 12 + length))
        at += 12 + length
    return found


def with_chunk(data: bytes, extra: bytes, *, late: bool) -> bytes:
    at = len(data) - 12 if late else 33
    return data[:at] + extra + data[at:]


TEXTS = {
    "comment": b"tEXt",
    "packed": b"zTXt",
    "international": b"iTXt",
    "profile": b"iCCP",
    "own": b"prVt",
}


@pytest.mark.parametrize("kind", TEXTS.values())
@pytest.mark.parametrize("late", [False, True])
def test_chunks_that_bear_on_nothing_may_be_large_or_damaged(kind: bytes, late: bool) -> None:
    """Add 2 MB of text or colour profile, compressed or not; Pillow has a limit of 1 MB."""
    data = save(tiny(), "PNG")
    text = b"node " * 420_000
    body = {
        b"tEXt": b"workflow\0" + text,
        b"zTXt": b"workflow\0\0" + zlib.compress(text),
        b"iTXt": b"workflow\0\1\0\0\0" + zlib.compress(text),
        b"iCCP": b"wide\0\0" + zlib.compress(text),
        b"prVt": text,
    }[kind]
    np.testing.assert_array_equal(
        PIXELS(with_chunk(data, chunk(kind, body), late=late)), PIXELS(data)
    )
    broken = with_chunk(data, chunk(kind, b"a\0b", crc=1), late=late)
    if kind == b"prVt":  # its type is unknown
        with pytest.raises(CorruptSource, match="CRC of its prVt"):
            PIXELS(broken)
    else:
        np.testing.assert_array_equal(PIXELS(broken), PIXELS(data))


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"eXIf"])
def test_chunks_that_bear_on_the_picture_are_held_to_their_crc(kind: bytes) -> None:
    data = oriented("PNG") if kind == b"eXIf" else save(tiny().quantize(9), "PNG")
    start, end = next((start, end) for name, start, end in places(data) if name == kind)
    for at in (end - 1, start + 8 if end > start + 12 else end - 2):
        broken = bytearray(data)
        broken[at] ^= 1
        with pytest.raises(CorruptSource, match=f"CRC of its {kind.decode()} chunk is wrong"):
            PIXELS(bytes(broken))


def test_one_bit_of_the_pixels() -> None:
    """Of 100 such files, 13 were once accepted, each with a third of its pixels wrong."""
    y, x = np.mgrid[0:120, 0:160]
    image = np.stack([x % 256, y % 256, (3 * x + 5 * y) % 256], -1).astype(np.uint8)
    data = save(Image.fromarray(image), "PNG")
    random = np.random.default_rng(0)
    for _ in range(100):
        broken = bytearray(data)
        broken[random.integers(60, len(data) - 30)] ^= 1 << random.integers(8)
        with pytest.raises(CorruptSource):
            PIXELS(bytes(broken))


def repacked(data: bytes, stream: bytes, *, interlaced: bool = False) -> bytes:
    """Return a PNG with the same header and other compressed pixels."""
    header = data[16:28] + bytes((interlaced,))
    return png_chunks((b"IHDR", header), (b"IDAT", stream))


@pytest.mark.parametrize("name", ["png RGB", "png interlaced", "png gray 1 bit", "png RGB 16 bits"])
def test_pixels_are_all_there_and_their_checksum_is_right(name: str) -> None:
    """Every CRC is right, but the writer had a bug, or a chunk was lost."""
    data = FILES[name]()
    stream = b"".join(data[s + 8 : e - 4] for kind, s, e in places(data) if kind == b"IDAT")
    rows, interlaced = zlib.decompress(stream), name == "png interlaced"
    np.testing.assert_array_equal(
        PIXELS(repacked(data, stream, interlaced=interlaced)), PIXELS(data)
    )
    for behind in (bytes(1000), b"\7" * 23, b"\xff" * 4000):  # left over in a writer's buffer
        longer = zlib.compress(rows + behind)
        np.testing.assert_array_equal(
            PIXELS(repacked(data, longer, interlaced=interlaced)), PIXELS(data)
        )
        with pytest.raises(CorruptSource):
            PIXELS(repacked(data, longer[:-1] + b"x", interlaced=interlaced))
    wrong = stream[:-4] + struct.pack(">I", zlib.adler32(rows) ^ 1)
    shorter = [zlib.compress(rows[:-missing]) for missing in (1, len(rows) // 2, len(rows) - 1)]
    for bad in (wrong, stream[: len(stream) // 2], *shorter):
        with pytest.raises(CorruptSource):
            PIXELS(repacked(data, bad, interlaced=interlaced))


@pytest.mark.parametrize("value", [0, 1, 0xA5])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_rows_of_one_value_are_not_taken_for_missing_rows(mode: str, value: int) -> None:
    """Missing rows keep any values that the decoder's memory had."""
    image = Image.new(mode, (3, 9), (value,) * 3 if mode == "RGB" else value)
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    data = save(image, "PNG")
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


def test_a_lost_chunk_of_many() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 400, 3), np.uint8))
    data = save(noise, "PNG")
    parts = [(s, e) for kind, s, e in places(data) if kind == b"IDAT"]
    assert len(parts) > 2
    for start, end in parts:
        with pytest.raises(CorruptSource):
            PIXELS(data[:start] + data[end:])


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    "form", ["XMP", "packed XMP", "ImageMagick's profile", "exif text", "eXIf"]
)
def test_orientation_is_found_wherever_pillow_finds_it(form: str, late: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    raw = exif.tobytes()
    profile = b"\nexif\n%8d\n" % len(raw) + raw.hex().encode() + b"\n"
    extra = {
        "XMP": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        "packed XMP": (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)),
        "ImageMagick's profile": (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile)),
        "exif text": (b"tEXt", b"exif\0" + raw),
        "eXIf": (b"eXIf", raw.removeprefix(b"Exif\0\0")),
    }[form]
    data = with_chunk(save(tiny(), "PNG"), chunk(*extra), late=late)
    assert PIXELS(data).shape == (*tiny().size, 3)
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))
    with pytest.raises(CorruptSource, match="CRC"):
        PIXELS(with_chunk(save(tiny(), "PNG"), chunk(*extra, crc=1), late=late))


def test_an_animation_is_its_first_picture() -> None:
    frames = [small(), small().rotate(90)]
    data = save(frames[0], "PNG", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(PIXELS(data), np.asarray(small()))
    at = data.index(b"fdAT") + 20  # damage in a later picture does not affect this one
    broken = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
    np.testing.assert_array_equal(PIXELS(broken), np.asarray(small()))


def test_variants_are_named() -> None:
    data = save(tiny(), "PNG")
    apple = data[:8] + chunk(b"CgBI", b"\x50\0\x20\x06") + data[8:]
    with pytest.raises(UnsupportedSource, match="CgBI"):
        PIXELS(apple)
    with pytest.raises(UnsupportedSource, match=r"unknown critical chunk \(ABCD"):
        PIXELS(with_chunk(data, chunk(b"ABCD", b""), late=False))


def test_a_colour_beyond_the_palette_is_made_up() -> None:
    header = struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"\0\1\2")
    whole = png_chunks((b"IHDR", header), (b"PLTE", bytes(range(9))), (b"IDAT", pixels))
    assert PIXELS(whole).tolist() == [[[3, 4, 5], [6, 7, 8]]]
    with pytest.raises(CorruptSource, match="colour 2, but the palette has 2"):
        PIXELS(png_chunks((b"IHDR", header), (b"PLTE", bytes(range(6))), (b"IDAT", pixels)))
