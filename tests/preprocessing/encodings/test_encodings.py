"""Every encoding is read back by its own readers as what the pipeline returns."""

from __future__ import annotations

import io
import json
import zlib

import numpy as np
import pytest
import safetensors.numpy
import skimage.io
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import ENCODINGS, Encoded, ImageSpec, Npy, Pipeline, Png, Raw, Safetensors
from preprocessing.encodings._png_writer import write_png
from tests.photos import picture

from ..strategies import DTYPES, ENCODINGS_BY_NAME, can_take, images

PHOTO = np.asarray(picture("chelsea"))


def read_raw(encoded: Encoded) -> np.ndarray:
    """As the metadata says, and nothing else."""
    shape = [int(side) for side in encoded.metadata["shape"].split(",")]
    return np.frombuffer(encoded.body, encoded.metadata["dtype"]).reshape(shape)


def read_npy(encoded: Encoded) -> np.ndarray:
    stream = io.BytesIO(encoded.body)
    array = np.load(stream, allow_pickle=False)
    assert stream.read() == b""
    return np.asarray(array)


def read_safetensors(encoded: Encoded) -> np.ndarray:
    ((_, array),) = safetensors.numpy.load(bytes(encoded.body)).items()
    return array


READERS = {"raw": read_raw, "npy": read_npy, "safetensors": read_safetensors}


@given(images(channels=(1, 2, 3, 4)), st.sampled_from([*READERS]), st.sampled_from(["chw", "hwc"]))
def test_tensors_are_read_back(image: np.ndarray, name: str, layout: str) -> None:
    p = Pipeline.parse(f"{name}:{layout}" if name != "safetensors" else f"{name}:layout={layout}")
    array, encoded = p(image), p.encode(image)
    expected = image.transpose(2, 0, 1) if layout == "chw" else image
    if layout == "hwc" and image.shape[2] == 1:
        expected = image[:, :, 0]
    for result in (array, READERS[name](encoded)):
        assert result.dtype == image.dtype
        np.testing.assert_array_equal(result, expected)
    assert encoded.content_type == p.encoding.content_type


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), images(longest=4))
def test_safetensors_takes_any_key_and_aligns(key: str, image: np.ndarray) -> None:
    assume(key != "__metadata__")
    body = bytes(Pipeline([], Safetensors(key=key)).encode(image).body)
    assert [*safetensors.numpy.load(body)] == [key]
    table = int.from_bytes(body[:8], "little")
    assert table % 8 == 0
    assert json.loads(body[8 : 8 + table])[key]["data_offsets"] == [0, image.nbytes]


def test_samples_are_little_endian_and_aligned() -> None:
    image = np.array([[[1]]], np.uint16)
    assert bytes(Pipeline([], Raw()).encode(image).body) == b"\1\0"
    body = bytes(Pipeline([], Npy()).encode(image).body)
    assert (len(body) - 2) % 64 == 0
    assert body.startswith(b"\x93NUMPY\1\0")


@given(images(("uint8", "uint16"), channels=(1, 2, 3, 4)), st.sampled_from(["fast", "small"]))
def test_png_is_read_back_by_scikit_image(image: np.ndarray, compression: str) -> None:
    p = Pipeline([], Png(compression))
    array, encoded = p(image), p.encode(image)
    expected = image[:, :, 0] if image.shape[2] == 1 else image
    np.testing.assert_array_equal(array, expected)
    # Of 16 bits with alpha Pillow keeps 8; three rows scikit-image takes for three channels.
    if (image.shape[2] % 2 or image.dtype == np.uint8) and image.shape[0] not in (3, 4):
        read = skimage.io.imread(io.BytesIO(encoded.body))
        high = image.dtype == np.uint16 and image.shape[2] > 1
        np.testing.assert_array_equal(read, expected >> 8 if high else expected)
    np.testing.assert_array_equal(_unpacked(encoded.body), image)


def _unpacked(png: bytes | bytearray) -> np.ndarray:
    """A PNG reader for what `write_png` writes, by the specification: all bits of all channels."""
    width, height, bits, color = np.frombuffer(png, ">u4,>u4,u1,u1", 1, 16).item()
    start = png.index(b"IDAT") + 4
    lines = zlib.decompress(png[start:])
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[color]
    rows = np.frombuffer(lines, np.uint8).reshape(height, 1 + width * channels * bits // 8)
    assert set(rows[:, 0]) == {1}, "every row is filtered by its left neighbour"
    pixels = rows[:, 1:].reshape(height, width, -1).cumsum(axis=1, dtype=np.uint8)
    return pixels.view(f">u{bits // 8}").reshape(height, width, channels)


@given(images(("uint8", "uint16"), channels=(1, 2, 3, 4)), st.booleans())
def test_png_of_any_strides(image: np.ndarray, small: bool) -> None:
    strange = np.asfortranarray(image)[::-1, ::-1]
    assert write_png(strange, small=small) == write_png(np.ascontiguousarray(strange), small=small)


def test_png_is_a_whole_and_valid_file() -> None:
    data = Pipeline([], Png()).encode(PHOTO).body
    with Image.open(io.BytesIO(data)) as image:
        image.verify()  # every checksum
    assert len(data) < 1.25 * len(Pipeline([], Png("small")).encode(PHOTO).body)


LOSSY = [
    ("jpeg:95,444", 38.0), ("jpeg", 31.0), ("jpeg:30", 26.0), ("jpeg:90,422", 32.0),
    ("webp", 31.0), ("webp:95", 37.0),
]  # fmt: skip


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize(("spec", "least"), LOSSY)
def test_lossy_files_are_close(spec: str, least: float, gray: bool) -> None:
    p = Pipeline.parse(f"grayscale/{spec}" if gray else spec)
    expected = p(PHOTO)
    with Image.open(io.BytesIO(p.encode(PHOTO).body)) as image:
        assert image.format == spec.partition(":")[0].upper()
        read = np.asarray(image.convert("L" if gray else "RGB"))
    error = np.mean((read.astype(float) - expected) ** 2)
    assert 10 * np.log10(255**2 / error) >= least


def test_jpeg_options_reach_the_file() -> None:
    sampling = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}
    for name, expected in sampling.items():
        body = Pipeline.parse(f"jpeg:subsampling={name}").encode(PHOTO).body
        frame = body.index(b"\xff\xc0")
        assert divmod(body[frame + 11], 16) == expected
    sizes = [len(Pipeline.parse(f"jpeg:{q}").encode(PHOTO).body) for q in (10, 50, 90)]
    assert sizes == sorted(sizes)


def test_webp_lossless_is_lossless() -> None:
    p = Pipeline.parse("webp:lossless=true")
    with Image.open(io.BytesIO(p.encode(PHOTO).body)) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), PHOTO)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
@given(image=images(("uint8",), channels=(1, 3), longest=9))
def test_image_files_of_any_size_are_read_back(name: str, image: np.ndarray) -> None:
    p = Pipeline.parse(name)
    with Image.open(io.BytesIO(p.encode(image).body)) as read:
        assert read.size == image.shape[1::-1]
        assert read.mode == ("L" if image.shape[2] == 1 and name != "webp" else "RGB")


@given(images(DTYPES), st.sampled_from(["npy", "raw", "safetensors", "png", "webp:lossless=true"]))
def test_encoding_twice_gives_the_same_bytes(image: np.ndarray, spec: str) -> None:
    assume(image.dtype == np.uint8 or (":" not in spec and spec != "png"))
    p = Pipeline.parse(spec)
    assert p.encode(image).body == p.encode(image.copy()).body


@pytest.mark.parametrize("name", [n for n in ENCODINGS if "image" in ENCODINGS[n].input_kinds])
@given(data=st.data(), image=images(("uint8", "float32")))
def test_the_length_is_what_nbytes_says(name: str, data: st.DataObject, image: np.ndarray) -> None:
    """HEAD and listings answer with it, and read no object."""
    spec = ImageSpec(*image.shape, image.dtype.name)  # type: ignore[arg-type]
    p = Pipeline([], data.draw(ENCODINGS_BY_NAME[name]))
    assume(can_take(p, spec))
    assert p.encoding.nbytes(spec) in (None, len(p.encode(image).body))
