"""Masks: the class ids that a file stores, as Pillow and tifffile read them, or a refusal."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    Limits,
    Pipeline,
    SourceError,
    UnsupportedSource,
)
from preprocessing.errors import LimitExceeded

from ...support.files import (
    FILES,
    gray16,
    oriented,
    palette,
    png_gray,
    png_of,
    rgba,
    save,
    small,
    tiff,
)
from ...support.tiffs import written

IDS = Pipeline.parse("index/npy:hwc")
WIDE = Pipeline.parse("index:uint16/npy:hwc")
GRAY = np.asarray(small().convert("L"))


def by_pillow(data: bytes) -> np.ndarray:
    """Return palette indices or gray as Pillow reads them, before its conversion to colours."""
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode in ("P", "L", "1", "I;16")
        return np.asarray(image).astype(np.uint16 if image.mode == "I;16" else np.uint8)


# Files that Pillow reads as they are. It stretches gray PNG of 2 and 4 bits.
AS_PILLOW = (
    "png 1 bit", "png gray 1 bit", "png gray 8 bits", "png palette", "png palette 4 bits",
    "png palette with transparency", "png gray with a transparent colour", "gif",
    "gif with transparency", "tiff gray", "tiff palette", "bmp gray", "bmp palette",
)  # fmt: skip


@pytest.mark.parametrize("name", AS_PILLOW)
def test_ids_are_those_that_pillow_reads(name: str) -> None:
    data = FILES[name]()
    np.testing.assert_array_equal(IDS(data), by_pillow(data))
    wide = WIDE(data)
    assert wide.dtype == np.uint16
    np.testing.assert_array_equal(wide, by_pillow(data))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_gray_of_few_bits_is_not_stretched(bits: int) -> None:
    np.testing.assert_array_equal(IDS(png_gray(bits)), GRAY >> (8 - bits))


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_palettes_of_few_colours(bits: int) -> None:
    image = small().quantize(2**bits)
    for data in (save(image, "PNG", bits=bits), save(image, "BMP"), save(image, "GIF")):
        np.testing.assert_array_equal(IDS(data), by_pillow(data))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzma"])
def test_ids_of_a_tiff_are_those_that_tifffile_reads(order: str, compression: str | None) -> None:
    for ids, pipeline in ((GRAY, IDS), (gray16(), WIDE)):
        data = tiff(ids, byteorder=order, compression=compression)
        np.testing.assert_array_equal(pipeline(data), tifffile.imread(io.BytesIO(data)))


@pytest.mark.parametrize("compression", ["tiff_lzw", "zstd", "packbits"])
def test_ids_of_a_tiff_are_those_that_pillow_writes(compression: str) -> None:
    for ids, pipeline in ((GRAY, IDS), (gray16(), WIDE)):
        data = save(Image.fromarray(ids), "TIFF", compression=compression)
        np.testing.assert_array_equal(pipeline(data), ids)


def test_16_bits_are_kept_where_the_pipeline_says_so() -> None:
    ids = gray16()
    data = png_of(ids.astype(">u2").view(np.uint8).reshape(45, -1), 67, 16, 0)
    np.testing.assert_array_equal(WIDE(data), ids)
    for file in (data, tiff(ids)):
        with pytest.raises(
            UnsupportedSource, match=r"ids of 16 bits.*takes 8; begin it with index:u"
        ):
            IDS(file)


@given(
    st.sampled_from(["uint8", "uint16"]),
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(0, 2**32 - 1),
)
def test_a_mask_is_written_and_read_back(dtype: str, height: int, width: int, seed: int) -> None:
    ids = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (height, width), dtype)
    for kind in {"index:uint16", "index" if dtype == "uint8" else "index:uint16"}:
        again = Pipeline.parse(f"{kind}/png")
        np.testing.assert_array_equal(again(again.encode(ids).body), ids)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_is_turned_upright_like_its_image(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = save(palette(), "PNG", exif=exif)
    colours = Pipeline.parse("npy:hwc")(data)
    table = np.array(palette().getpalette()).reshape(-1, 3)
    np.testing.assert_array_equal(table[IDS(data)], colours)
    assert colours.shape == Pipeline.parse("npy:hwc")(oriented("PNG", orientation)).shape


def test_a_gif_smaller_than_its_canvas() -> None:
    ids = palette()
    data = bytearray(save(ids, "GIF"))
    data[6:10] = (80).to_bytes(2, "little") + (60).to_bytes(2, "little")
    found = IDS(bytes(data))
    assert found.shape == (60, 80)
    np.testing.assert_array_equal(
        found[:45, :67], np.asarray(Image.open(io.BytesIO(save(ids, "GIF"))))
    )
    assert not found[45:].any()
    assert not found[:, 67:].any()


REFUSED = {
    "jpeg gray": "the JPEG is compressed with loss",
    "webp lossless": "the WEBP has colours",
    "png RGB": r"the PNG has several samples per pixel \(RGB\)",
    "png LA": "the PNG has several samples",
    "png RGBA": "the PNG has several samples",
    "tiff RGB": "the TIFF has several samples",
    "tiff CMYK": "the TIFF has several samples",
    "bmp": "the BMP has several samples",
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_without_class_ids_are_refused(name: str) -> None:
    for pipeline in (IDS, WIDE):
        with pytest.raises(UnsupportedSource, match=f"{REFUSED[name]}.*store the mask as PNG"):
            pipeline(FILES[name]())


def test_tiffs_whose_ids_are_in_doubt_are_refused() -> None:
    lossy = save(small().convert("L"), "TIFF", compression="jpeg")
    with pytest.raises(UnsupportedSource, match="lossy"):
        IDS(lossy)
    fields = {256: 2, 257: 1, 258: 8, 259: 1, 262: 0, 277: 1, 278: 1}
    with pytest.raises(UnsupportedSource, match="white as zero"):
        IDS(written(fields, [b"\1\2"]))


def test_an_id_beyond_the_palette_is_damage() -> None:
    image = save(Image.fromarray(np.full((2, 2), 9, np.uint8)), "PNG")
    rows = np.full((2, 2), 9, np.uint8)
    data = png_of(rows, 2, 8, 3)
    at = data.index(b"IDAT") - 4
    plte = b"PLTE" + bytes(9)
    chunk = struct.pack(">I", 9) + plte + struct.pack(">I", zlib.crc32(plte))
    with pytest.raises(CorruptSource, match="colour 9, but the palette has 3"):
        IDS(data[:at] + chunk + data[at:])
    np.testing.assert_array_equal(IDS(image), rows)


@pytest.mark.parametrize("name", AS_PILLOW)
@given(cut=st.integers(0, 2**16))
def test_a_mask_cut_short_is_refused_or_whole(name: str, cut: int) -> None:
    data = FILES[name]()
    try:
        found = IDS(data[: cut % len(data)])
    except SourceError:
        return
    np.testing.assert_array_equal(found, IDS(data))  # only what no pixel needs was cut


def test_the_size_is_checked_before_pixels_are_decoded() -> None:
    with pytest.raises(LimitExceeded, match="67 x 45 pixels"):
        IDS(FILES["png palette"](), limits=Limits(pixels=3000))


def test_images_of_pillow_and_arrays_are_masks_too() -> None:
    image = palette()
    np.testing.assert_array_equal(IDS(image), np.asarray(image))
    np.testing.assert_array_equal(IDS(GRAY), GRAY)
    for ids in (GRAY, gray16(), Image.fromarray(GRAY), Image.fromarray(gray16())):
        assert WIDE(ids).dtype == np.uint16
        np.testing.assert_array_equal(WIDE(ids), np.asarray(ids))
    for ids in (gray16(), Image.fromarray(gray16())):
        with pytest.raises(
            IncompatibleSource, match="is uint16, and the pipeline takes uint8; begin"
        ):
            IDS(ids)
    with pytest.raises(UnsupportedSource, match="Pillow's mode RGBA"):
        IDS(rgba())
    for wrong in (np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32)):
        with pytest.raises(IncompatibleSource, match="a mask array must have shape"):
            IDS(wrong)


@given(st.sampled_from(sorted(FILES)), st.data())
def test_damaged_masks_end_in_an_array_or_a_typed_error(name: str, data: st.DataObject) -> None:
    broken = bytearray(FILES[name]())
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    limits = Limits(pixels=2**16)
    try:
        planned = WIDE.plan(bytes(broken), limits=limits).output
        assert WIDE(bytes(broken), limits=limits).shape == planned.shape[:2]
    except (SourceError, IncompatibleSource, LimitExceeded):
        return
