"""Images of more than 8 bits per sample: what is kept, and what is refused."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import preprocessing
from preprocessing import (
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Pipeline,
    SourceError,
    SpecError,
    UnsupportedSource,
)

from ...strategies import pipelines
from ...support.files import FILES, gray16, save, small, tiff
from ...support.tiffs import written

EIGHT, WIDE, FLOAT = (
    Pipeline.parse(f"{kind}/npy:hwc") for kind in ("image", "image:uint16", "image:float32")
)
with np.load(Path(__file__).parents[3] / "golden" / "depth.npz") as stored:
    DEEP = {key: stored[key].tobytes() for key in stored if key.endswith(" file")}
FLOATS = np.random.default_rng(7).normal(0, 2, (45, 67)).astype(np.float32)
GRAY_FIELDS = {256: 2, 257: 1, 259: 1, 262: 1, 277: 1, 278: 1}


@pytest.mark.parametrize("name", [name for name in FILES if "16 bits" not in name])
def test_8_bits_fill_the_range(name: str) -> None:
    """White stays white, as in libpng's ``png_set_expand_16``."""
    data = FILES[name]()
    pixels = EIGHT(data)
    np.testing.assert_array_equal(WIDE(data), pixels.astype(np.uint16) * 257)
    np.testing.assert_array_equal(FLOAT(data), pixels / np.float32(255))


def test_12_bits_fill_the_range() -> None:
    strip = bytes.fromhex("fff000")  # 4095 and 0
    found = WIDE(written({**GRAY_FIELDS, 258: 12}, [strip]))
    assert found[0, :, 0].tolist() == [65_535, 0]
    found = WIDE(written({**GRAY_FIELDS, 258: 12}, [bytes.fromhex("800001")]))
    assert found[0, :, 0].tolist() == [round(2048 * 65_535 / 4095), 16]


def test_white_may_be_zero() -> None:
    data = written({**GRAY_FIELDS, 258: 16, 262: 0}, [bytes.fromhex("00000100")])
    assert WIDE(data)[0, :, 0].tolist() == [65_535, 65_534]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("colours", [1, 3])
def test_floats_are_those_that_tifffile_reads(order: str, dtype: str, colours: int) -> None:
    image = np.repeat(FLOATS[:, :, None], colours, 2).astype(dtype).squeeze()
    for options in ({}, {"tile": (16, 16)}, {"compression": "zlib"}):
        data = tiff(image, byteorder=order, **options)
        read = tifffile.imread(io.BytesIO(data)).reshape(45, 67, colours)
        np.testing.assert_array_equal(FLOAT(data), np.broadcast_to(read, (45, 67, 3)))


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_float_predictor_is_the_same_in_either_byte_order(order: str) -> None:
    height, width = FLOATS.shape
    planes = FLOATS.astype(">f4").view(np.uint8).reshape(height, width, 4).transpose(0, 2, 1)
    flat = planes.reshape(height, -1)
    rows = np.diff(flat, axis=1, prepend=np.uint8(0))
    fields = {256: width, 257: height, 258: 32, 259: 8, 262: 1, 277: 1, 278: height, 317: 3, 339: 3}
    data = written(fields, [zlib.compress(rows.tobytes())], order=order)
    np.testing.assert_array_equal(FLOAT(data)[:, :, 0], FLOATS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    """In a resize it would spread over rows of the result."""
    image = FLOATS.copy()
    image[3, 4] = value
    with pytest.raises(UnsupportedSource, match="infinite or not numbers"):
        FLOAT(tiff(image))


def test_what_would_lose_bits_is_refused() -> None:
    float64 = tiff(FLOATS.astype(np.float64))
    with pytest.raises(UnsupportedSource, match="samples per pixel of 64 bits"):
        FLOAT(float64)
    for pipeline in (EIGHT, WIDE):
        with pytest.raises(UnsupportedSource, match="begin the pipeline with image:float32/"):
            pipeline(tiff(FLOATS))
    inks = io.BytesIO()
    tifffile.imwrite(inks, np.zeros((4, 4, 4), np.uint16), photometric="separated")
    assert EIGHT(inks.getvalue()).shape == (4, 4, 3)
    blended = io.BytesIO()
    image = np.full((4, 4, 4), 300, np.uint16)
    tifffile.imwrite(blended, image, photometric="rgb", extrasamples=["assocalpha"])
    assert EIGHT(blended.getvalue()).shape == (4, 4, 3)
    for file, what in ((inks, "CMYK"), (blended, "colours multiplied by their alpha")):
        with pytest.raises(UnsupportedSource, match=f"{what} at 16 bits"):
            WIDE(file.getvalue())


def test_an_avif_is_kept_if_it_has_8_bits() -> None:
    data = bytearray(save(small(), "AVIF"))
    np.testing.assert_array_equal(WIDE(bytes(data)), EIGHT(bytes(data)).astype(np.uint16) * 257)
    data[data.index(b"av1C") + 6] |= 0x40  # high_bitdepth of the AV1CodecConfigurationRecord
    with pytest.raises(UnsupportedSource, match="AVIF has more than 8 bits"):
        WIDE(bytes(data))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bits_are_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = save(Image.fromarray(gray16()), "PNG", exif=exif)
    np.testing.assert_array_equal(WIDE(data) >> 8, EIGHT(data))


@pytest.mark.parametrize("name", DEEP)
@given(data=st.data())
def test_damaged_files_end_in_an_array_or_a_typed_error(name: str, data: st.DataObject) -> None:
    whole = DEEP[name]
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.integers(len(broken) // 2, len(broken)))]
    for pipeline in (WIDE, FLOAT):
        try:
            planned = pipeline.plan(bytes(broken), limits=Limits(pixels=2**16)).output
            found = pipeline(bytes(broken), limits=Limits(pixels=2**16))
        except (SourceError, LimitExceeded, IncompatibleSource):
            continue
        assert found.shape == planned.shape
        assert name.startswith("tiff") or (found == pipeline(whole)).all()  # a PNG has checksums


@pytest.mark.parametrize("name", [name for name in DEEP if "float" not in name])
def test_a_file_cut_short_is_refused(name: str) -> None:
    whole = DEEP[name]
    for length in range(9, len(whole) - 1, 97):
        try:
            found = WIDE(whole[:length])
        except SourceError:
            continue
        np.testing.assert_array_equal(found, WIDE(whole))


def test_the_size_is_checked_before_pixels_are_decoded() -> None:
    for data in DEEP.values():
        with pytest.raises(LimitExceeded, match="19 x 13 pixels"):
            FLOAT(data, limits=Limits(pixels=200))


def test_images_of_pillow_keep_what_pillow_has() -> None:
    gray, floats = Image.fromarray(gray16()), Image.fromarray(FLOATS)
    np.testing.assert_array_equal(WIDE(gray), np.repeat(gray16()[:, :, None], 3, 2))
    np.testing.assert_array_equal(FLOAT(floats), np.repeat(FLOATS[:, :, None], 3, 2))
    np.testing.assert_array_equal(FLOAT(gray), WIDE(gray) / np.float32(65_535))
    np.testing.assert_array_equal(WIDE(small()), EIGHT(small()).astype(np.uint16) * 257)
    np.testing.assert_array_equal(FLOAT(small()), FLOAT(save(small(), "PNG")))
    with pytest.raises(UnsupportedSource, match="mode F"):
        WIDE(floats)


@given(pipelines(), st.sampled_from(("uint16", "float32")), st.booleans())
def test_the_type_is_part_of_the_kind(p: Pipeline, dtype: str, skip: bool) -> None:
    try:
        deep = Pipeline(p.steps, p.encoding, kind=f"image:{dtype}", exact=p.exact, skip=skip)
    except SpecError:  # such as floats in a JPEG
        return
    names = {name: getattr(preprocessing, name) for name in dir(preprocessing)}
    assert Pipeline.parse(str(deep)) == Pipeline.parse(deep.document) == eval(repr(deep), names)
    assert f"image:{dtype}" in str(deep)
    assert deep.fingerprint != p.fingerprint


@given(pipelines(), st.sampled_from(sorted(DEEP)), st.integers(0, 9))
def test_steps_see_the_samples_as_they_would_an_array(p: Pipeline, name: str, seed: int) -> None:
    kind = "image:float32" if "float" in name else "image:uint16"
    try:
        deep = Pipeline(p.steps, p.encoding, kind=kind, exact=p.exact)
        pixels = Pipeline.parse(f"{kind}/npy:hwc")(DEEP[name])
        expected = deep(pixels, seed=preprocessing.Seed(seed, "k", "e"))
    except (SpecError, IncompatibleSource):
        return
    found = deep(DEEP[name], seed=preprocessing.Seed(seed, "k", "e"))
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == deep.output.dtype
