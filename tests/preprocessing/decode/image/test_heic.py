"""HEIC: what pillow-heif makes of it, or a refusal before a decoder is called."""

from __future__ import annotations

import io
import struct
import time
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Pipeline,
    SourceError,
    UnsupportedSource,
)
from preprocessing.decode.image import heic
from tests.photos import picture

from ...support.files import rgba, save, small

if find_spec("pillow_heif") is not None:
    import pillow_heif

    pillow_heif.register_heif_opener()
needs_library = pytest.mark.skipif(
    find_spec("pillow_heif") is None, reason="pillow-heif is not installed"
)
PIXELS = Pipeline.parse("npy:hwc")


def by_plugin(data: bytes) -> np.ndarray:
    """Return the colours that pillow-heif reads, without their alpha."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        rgb = image if image.mode in ("RGB", "RGBA") else image.convert("RGB")
        return np.asarray(rgb)[:, :, :3]


def middle() -> Image.Image:
    return picture("coffee").crop((100, 50, 300, 190))


def ten_bits() -> bytes:
    samples = np.asarray(small()).astype(np.uint16) * 257
    stream = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", small().size, samples.tobytes()).save(stream, quality=90)
    return stream.getvalue()


def sequence() -> bytes:
    more = [small().rotate(180), small().rotate(90)]
    return save(small(), "HEIF", save_all=True, append_images=more)


FILES = {
    "4:2:0": lambda: save(small(), "HEIF"),
    "4:4:4 without loss": lambda: save(small(), "HEIF", quality=-1, chroma=444),
    "gray": lambda: save(small().convert("L"), "HEIF"),
    "alpha": lambda: save(rgba(), "HEIF"),
    "a grid of tiles": lambda: save(middle(), "HEIF", tile_size=128),
    "several pictures": sequence,
    "with a thumbnail": lambda: save(middle(), "HEIF", thumbnails=[64]),
    "10 bits": ten_bits,
}


@needs_library
@pytest.mark.parametrize("name", FILES)
def test_it_is_what_the_plugin_makes_of_it(name: str) -> None:
    data = FILES[name]()
    np.testing.assert_array_equal(PIXELS(data), by_plugin(data))
    assert PIXELS.plan(data).output.shape == by_plugin(data).shape


@needs_library
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright_once(orientation: int) -> None:
    """The writer stores the orientation as a property of the picture, and in EXIF."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = save(small(), "HEIF", quality=-1, chroma=444, exif=exif.tobytes())
    upright = np.asarray(turned(small(), exif))
    found = PIXELS(data)
    assert found.shape == upright.shape
    assert np.abs(found.astype(int) - upright).mean() < 3


def turned(image: Image.Image, exif: Image.Exif) -> Image.Image:
    with Image.open(io.BytesIO(save(image, "PNG", exif=exif))) as stored:
        return ImageOps.exif_transpose(stored)


@needs_library
def test_more_than_8_bits_are_not_lost_without_a_word() -> None:
    with pytest.raises(UnsupportedSource, match="HEIC has more than 8 bits"):
        Pipeline.parse("image:uint16/npy")(ten_bits())
    eight = FILES["4:2:0"]()
    wide = Pipeline.parse("image:uint16/npy:hwc")(eight)
    np.testing.assert_array_equal(wide, PIXELS(eight).astype(np.uint16) * 257)
    with pytest.raises(UnsupportedSource, match="HEIC has colours and no class ids"):
        Pipeline.parse("index/npy")(eight)


def test_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heic, "find_spec", lambda _: None)
    with pytest.raises(UnsupportedSource, match=r"pip install 'jitprep\[heif\]', or convert it"):
        PIXELS(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


@needs_library
@pytest.mark.parametrize("name", FILES)
def test_what_ends_anywhere_is_refused(name: str) -> None:
    data = FILES[name]()
    right = PIXELS(data)
    for end in range(12, len(data), 1 + len(data) // 100):
        try:
            np.testing.assert_array_equal(PIXELS(data[:end]), right)
        except SourceError:
            continue


@needs_library
@given(name=st.sampled_from(sorted(FILES)), draws=st.data())
def test_damaged_files_end_in_an_array_or_a_typed_error(name: str, draws: st.DataObject) -> None:
    broken = bytearray(FILES[name]())
    head = min(len(broken), 1500)  # the boxes and the parameter sets
    for _ in range(draws.draw(st.integers(1, 4))):
        broken[draws.draw(st.integers(0, head - 1))] = draws.draw(st.integers(0, 255))
    limits = Limits(pixels=2**20)
    try:
        planned = PIXELS.plan(bytes(broken), limits=limits).output
        assert PIXELS(bytes(broken), limits=limits).shape == planned.shape
    except (SourceError, IncompatibleSource, LimitExceeded):
        return


@needs_library
def test_the_size_is_checked_before_pixels_are_decoded() -> None:
    with pytest.raises(LimitExceeded, match="200 x 140 pixels"):
        PIXELS(FILES["a grid of tiles"](), limits=Limits(pixels=2**14))


def with_claims(data: bytes, width: int, height: int) -> bytes:
    """Return the file with another size in all properties of its pictures."""
    claimed, at = bytearray(data), data.find(b"ispe")
    while at >= 0:
        claimed[at + 8 : at + 16] = struct.pack(">II", width, height)
        at = data.find(b"ispe", at + 4)
    return bytes(claimed)


@needs_library
def test_coded_pictures_larger_than_the_one_shown() -> None:
    """The properties say 64 x 64, but the parameter set of the coded picture 2,048 x 2,048."""
    data = save(Image.new("RGB", (2048, 2048)), "HEIF")
    with pytest.raises(CorruptSource, match="coded pixels for a picture of 4096"):
        PIXELS(with_claims(data, 64, 64))


@needs_library
def test_a_picture_that_claims_more_than_it_has() -> None:
    data = FILES["4:2:0"]()
    with pytest.raises(LimitExceeded):
        PIXELS(with_claims(data, 60_000, 60_000))
    with pytest.raises(CorruptSource):
        PIXELS(with_claims(data, 300, 200))


@needs_library
def test_a_grid_that_is_larger_than_its_properties_say() -> None:
    data = bytearray(FILES["a grid of tiles"]())
    at = data.index(struct.pack(">HH", 200, 140))  # in the grid, where properties have 32 bits
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(CorruptSource, match="size of its grid"):
        PIXELS(bytes(data))


@needs_library
def test_pictures_of_other_codecs_are_refused_by_name() -> None:
    data = FILES["4:2:0"]().replace(b"hvc1", b"vvc1")
    with pytest.raises(UnsupportedSource, match="a picture of type vvc1"):
        PIXELS(data)


@needs_library
def test_boxes_are_bounded() -> None:
    inner = bytes(4) + b"\0\0\0\x08free" * 2**21
    meta = struct.pack(">I4s", 8 + len(inner), b"meta") + inner
    started = time.process_time()
    with pytest.raises(CorruptSource, match="more than 131072 boxes"):
        PIXELS(b"\0\0\0\x10ftypheic\0\0\0\0" + meta)
    assert time.process_time() - started < 3
