"""TIFF: bits and photometric interpretation, checks of counts, and every compression."""

from __future__ import annotations

import io
import lzma
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from preprocessing import CorruptSource, LimitExceeded, Pipeline, UnsupportedSource
from tests.preprocessing.support.files import save

from ...support.damage import by_pillow, tiff, tiny
from ...support.tiffs import gray, written

PIXELS = Pipeline.parse("npy:hwc")


@given(
    st.sampled_from([1, 2, 4, 8, 12, 16]),
    st.sampled_from([0, 1]),
    st.sampled_from("<>"),
    st.integers(1, 9),
    st.integers(0, 2**32),
)
def test_gray_is_scaled_by_its_own_bits_and_sense(
    bits: int, sense: int, order: str, width: int, seed: int
) -> None:
    samples = np.random.default_rng(seed).integers(0, 2**bits, (3, width))
    level = samples >> (bits - 8) if bits > 8 else samples * 255 // (2**bits - 1)
    right = (level if sense else 255 - level).astype(np.uint8)
    result = PIXELS(gray(samples, bits, sense, order))
    np.testing.assert_array_equal(result, np.repeat(right[:, :, None], 3, axis=2))


def test_known_grays() -> None:
    assert PIXELS(gray(np.array([[4095, 2048]]), 12, 1))[0, :, 0].tolist() == [255, 128]
    assert PIXELS(gray(np.array([[0, 65535]]), 16, 0))[0, :, 0].tolist() == [255, 0]
    assert PIXELS(gray(np.array([[0, 255]]), 8, 0))[0, :, 0].tolist() == [255, 0]


@pytest.mark.parametrize("order", "<>")
def test_bigtiff(order: str) -> None:
    fields = {256: 2, 257: 2, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}
    data = written(fields, [b"\x40\xff", b"\x01\x02"], order=order, big=True)
    assert PIXELS(data)[:, :, 0].tolist() == [[64, 255], [1, 2]]


@pytest.mark.parametrize("strips", [1, 9, 250_000])
def test_strips_are_as_many_as_the_size_needs(strips: int) -> None:
    """An 8 x 8 picture with 4 million strips once took 27 s and 1 GB."""
    fields = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}
    data = written(fields | {273: [8] * strips, 279: [8] * strips}, [bytes(64)])
    for act in (PIXELS, PIXELS.encode):
        with pytest.raises(CorruptSource, match=f"{strips} strips or tiles, but its size needs 8"):
            act(data)


def test_strips_that_share_their_bytes_are_not_unpacked_again_and_again() -> None:
    strip = zlib.compress(bytes(1000 * 100))
    fields = {256: 1000, 257: 5000, 258: 8, 259: 8, 262: 1, 277: 1, 278: 100}
    shared = fields | {273: [8] * 50, 279: [10**6] * 50}
    with pytest.raises(CorruptSource, match="more bytes than the file"):
        PIXELS(written(shared, [strip]))


@pytest.mark.parametrize("compression", [7, 8])
def test_strips_and_tiles_are_bounded_whatever_is_in_them(compression: int) -> None:
    """Each takes time, however few its pixels: 350,000 tiles of one JPEG once took 20 s."""
    fields = {256: 9000, 257: 9000, 258: 8, 259: compression, 262: 1, 277: 1, 322: 16, 323: 16}
    with pytest.raises(LimitExceeded, match="316969 strips or tiles"):
        PIXELS(written(fields, [b""]))


def test_fields_that_disagree_are_refused() -> None:
    good = {256: 4, 257: 4, 258: 8, 259: 1, 262: 1, 277: 1, 278: 4}
    assert PIXELS(written(good, [bytes(range(16))])).shape == (4, 4, 3)
    for change in (
        {278: 0},
        {277: 0},
        {277: 5000},
        {256: 0},
        {279: 15},
        {273: 2**32 - 9},
        {279: 10**6},
        {322: 2**31, 323: 2**31},
        {322: 0, 323: 16},
        {322: 1, 323: 1},
        {258: []},
        {256: [4] * 100},
        {262: []},
    ):
        with pytest.raises((CorruptSource, UnsupportedSource)):
            PIXELS(written(good | change, [bytes(range(16))]))


def test_directories_are_not_followed() -> None:
    """A directory may point to itself as the next."""
    data = bytearray(gray(np.zeros((2, 2), int), 8, 1))
    start = struct.unpack_from("<I", data, 4)[0]
    end = start + 2 + 12 * struct.unpack_from("<H", data, start)[0]
    struct.pack_into("<I", data, end, start)
    assert PIXELS(bytes(data)).shape == (2, 2, 3)


NAMED = {
    6: "old-style JPEG",
    34712: "JPEG 2000",
    34887: "LERC",
    50002: "JPEG XL",
    9: "JBIG",
    4242: "unknown",
}


@pytest.mark.parametrize("compression", NAMED)
def test_what_is_not_decoded_is_named(compression: int) -> None:
    fields = {256: 2, 257: 1, 258: 8, 259: compression, 262: 1, 277: 1, 278: 1}
    with pytest.raises(UnsupportedSource, match=NAMED[compression]):
        PIXELS(written(fields, [b"\0\0"]))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({258: 32}, "store 8 or 16 bits"),
        ({258: 8, 339: 2}, "store 8 or 16 bits"),
        ({258: 16, 339: 3}, "store 8 or 16 bits"),
        ({258: 10}, "10 bits"),
        ({258: 8, 262: 32803}, "32803"),
        ({258: 8, 50706: b"\1\4\0\0"}, "camera"),
        ({258: 8, 254: 1, 330: 8}, "camera"),
        ({258: [8, 16, 8], 277: 3, 262: 2}, "of different sizes"),
        ({258: 8, 277: 5}, "some without a meaning"),
    ],
)
def test_variants_are_named(fields: dict[int, int | list[int]], words: str) -> None:
    base = {256: 2, 257: 1, 259: 1, 262: 1, 277: 1, 278: 1}
    with pytest.raises(UnsupportedSource, match=words):
        PIXELS(written(base | fields, [bytes(64)]))


def test_bands_without_a_meaning_are_left_out() -> None:
    """Of four bands in planes the first is gray, as in Pillow."""
    fields = {256: 2, 257: 1, 258: [8] * 4, 259: 1, 262: 1, 277: 4, 278: 1, 284: 2, 338: [0, 0, 0]}
    data = written(fields, [b"\x01\xf0", b"\x02\x02", b"\x03\x03", b"\x04\x04"])
    assert PIXELS(data)[0, :, 0].tolist() == [1, 240]


@pytest.mark.parametrize("extra", [0, 1, 2])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_alpha_is_taken_off(extra: int, dtype: str) -> None:
    data = tiff(
        np.random.default_rng(extra).integers(0, 256, (5, 7, 4)).astype(dtype)
        * (257 if "16" in dtype else 1),
        photometric="rgb",
        extrasamples=[extra],
    )
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr"])
def test_other_colours_are_as_pillow_has_them(mode: str) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8))
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        data = save(ImageCms.profileToProfile(image, *profiles, outputMode="LAB"), "TIFF")
    else:
        data = save(
            image.convert(mode), "TIFF", **({"tiffinfo": {530: (1, 1)}} if mode == "YCbCr" else {})
        )
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


def test_a_palette_of_8_bits_is_not_black() -> None:
    fields = {256: 2, 257: 1, 258: 1, 259: 1, 262: 3, 277: 1, 278: 1}
    wide = written(fields | {320: [0, 65535, 0, 256, 0, 0]}, [b"\x40"])
    narrow = written(fields | {320: [0, 255, 0, 1, 0, 0]}, [b"\x40"])
    assert PIXELS(wide).tolist() == PIXELS(narrow).tolist() == [[[0, 0, 0], [255, 1, 0]]]


def test_webp_inside() -> None:
    """libtiff supports it, but the build in Pillow does not."""
    inner = save(tiny(), "WEBP", lossless=True)
    width, height = tiny().size
    fields = {256: width, 257: height, 258: [8, 8, 8], 259: 50001, 262: 2, 277: 3, 278: height}
    np.testing.assert_array_equal(PIXELS(written(fields, [inner])), np.asarray(tiny()))
    with pytest.raises(CorruptSource):
        PIXELS(written(fields, [inner[:-30]]))


@pytest.mark.parametrize("compression", [8, 34925])
def test_the_checksum_after_a_strip_is_checked(compression: int) -> None:
    pack = zlib.compress if compression == 8 else lzma.compress
    fields = {256: 5, 257: 4, 258: 8, 259: compression, 262: 1, 277: 1, 278: 3}
    rows = bytes(range(20))
    # The last strip may have the same number of rows as the others.
    data = written(fields, [pack(rows[:15]), pack(rows[15:] + bytes(10))])
    assert PIXELS(data)[:, :, 0].tobytes() == rows
    strip = pack(rows[:15])
    for bad in (strip[:-1], strip[:-4] + b"\0\1\2\3", pack(rows[:14]), pack(rows[:15] + bytes(99))):
        with pytest.raises(CorruptSource):
            PIXELS(written(fields, [bad, pack(rows[15:])]))


def test_damage_in_a_jpeg_strip_is_detected() -> None:
    data = save(tiny(), "TIFF", compression="jpeg")
    image = Image.open(io.BytesIO(data))
    (at,), (length,) = image.tag_v2[273], image.tag_v2[279]
    middle = at + length // 2
    gap = data[:middle] + b"\xff\xd9" + bytes(at + length - middle - 2) + data[at + length :]
    with pytest.raises(CorruptSource, match="a strip or tile"):
        PIXELS(gap)


@pytest.mark.parametrize("mode", ["CMYK", "RGBA", "RGBX"])
def test_jpeg_inside_of_four_samples(mode: str) -> None:
    """Samples are not inverted, unlike in a JPEG with Adobe's marker."""
    data = save(Image.new(mode, (32, 24), (10, 40, 80, 255)), "TIFF", compression="jpeg")
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_that_xmp_alone_has(orientation: int) -> None:
    xmp = b'<rdf:Description tiff:Orientation="%d"/>' % orientation
    data = save(tiny(), "TIFF", tiffinfo={700: xmp})
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))
    both = save(tiny(), "TIFF", tiffinfo={700: xmp, 274: 1})
    np.testing.assert_array_equal(PIXELS(both), np.asarray(tiny()))


@pytest.mark.parametrize("compression", ["tiff_lzw", "zstd", "packbits", "raw"])
def test_pillows_own_limit_is_not_asked(compression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow counts pixels as well, and would warn or refuse before our limit applies."""
    data = save(tiny(), "TIFF", compression=compression)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    np.testing.assert_array_equal(PIXELS(data), np.asarray(tiny()))
