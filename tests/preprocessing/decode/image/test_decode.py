"""Decoding returns the same pixels as Pillow, which folder datasets use."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from skimage import data as skimage_data

from preprocessing import Pipeline, UnsupportedSource
from preprocessing.decode.sniff import sniff
from tests.photos import photo

from ...support.files import FILES, gray16, oriented, save, small, tiff

PIXELS = Pipeline.parse("npy:hwc")
SMALL_GRAY = Pipeline.parse("grayscale/resize:40")  # decoded at half the size, luma only


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
        with_palette = upright.mode == "P" and "transparency" in upright.info
        return np.asarray((upright.convert("RGBA") if with_palette else upright).convert("RGB"))


@pytest.mark.parametrize("name", FILES)
def test_equals_pillow(name: str) -> None:
    data = FILES[name]()
    assert sniff(data, "image").name == name.partition(" ")[0]
    result = PIXELS(data)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, by_pillow(data))


@pytest.mark.parametrize("name", FILES)
def test_is_the_photograph_it_was_made_of(name: str) -> None:
    """Compare with known colours, in case Pillow is wrong in the same way."""
    original = np.asarray(small()).astype(float)
    if "gray" in name or "LA" in name or "1 bit" in name:
        original = np.repeat(np.asarray(small().convert("L"))[:, :, None], 3, axis=2).astype(float)
    depth = 70 if "1 bit" in name else 40 if "2 bits" in name else 16
    if name == "jpeg YCCK":
        return  # its samples have another meaning
    error = PIXELS(FILES[name]()) - original
    blocks = error[:40, :64].reshape(5, 8, 8, 8, 3).mean(axis=(1, 3))
    assert np.abs(blocks).mean() < depth


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(format_: str, orientation: int) -> None:
    data = oriented(format_, orientation)
    np.testing.assert_array_equal(PIXELS(data), by_pillow(data))
    header = Pipeline([]).plan(data).output
    assert (header.height, header.width) == PIXELS(data).shape[:2]
    turned = orientation >= 5
    assert (header.width, header.height) == (small().size[::-1] if turned else small().size)


def test_exif_behind_the_pixels_of_a_png_is_found() -> None:
    data = oriented("PNG", 6)
    start = data.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4])
    late = data[:start] + data[end:-12] + data[start:end] + data[-12:]
    assert late.index(b"IDAT") < late.index(b"eXIf")
    np.testing.assert_array_equal(PIXELS(late), PIXELS(data))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientation_that_makes_no_sense_is_ignored(orientation: int) -> None:
    np.testing.assert_array_equal(
        PIXELS(oriented("JPEG", orientation)), PIXELS(oriented("JPEG", 1))
    )


@pytest.mark.parametrize("format_", ["png", "tiff", "tiff big-endian"])
def test_16_bit_gray_keeps_its_high_byte(format_: str) -> None:
    samples = gray16()
    if format_ == "png":
        data = save(Image.fromarray(samples), "PNG")
    else:
        data = tiff(samples, byteorder=">" if "big" in format_ else "<")
    high = (samples >> 8).astype(np.uint8)
    np.testing.assert_array_equal(PIXELS(data), np.repeat(high[:, :, None], 3, axis=2))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint32"])
def test_samples_without_a_range_are_refused(dtype: str) -> None:
    data = tiff(gray16().astype(dtype))
    with pytest.raises(UnsupportedSource, match="store 8 or 16 bits"):
        Pipeline([]).plan(data)


def test_the_name_of_a_file_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(photo("rocket"))
    np.testing.assert_array_equal(PIXELS(path), PIXELS(photo("rocket")))


def test_harmless_damage_of_a_jpeg_is_forgiven() -> None:
    """Extraneous bytes before a marker, which many cameras write, affect no pixel."""
    data = photo("chelsea")
    for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda", b"\xff\xd9"):
        at = data.rindex(marker)
        for junk in (b"\0\0\0", b"junk", b"\xff\xff", b"\xff\0"):
            padded = data[:at] + junk + data[at:]
            np.testing.assert_array_equal(PIXELS(padded), PIXELS(data))
            np.testing.assert_array_equal(SMALL_GRAY(padded), SMALL_GRAY(data))
    np.testing.assert_array_equal(PIXELS(data + b"after the end"), PIXELS(data))


def test_scikit_images_own_files_decode_as_scikit_image_reads_them() -> None:
    folder = Path(skimage_data.__file__).parent
    for path in (*folder.glob("*.png"), *folder.glob("*.jpg"), *folder.glob("*.gif")):
        expected = by_pillow(path.read_bytes())
        np.testing.assert_array_equal(PIXELS(path), expected, err_msg=path.name)
