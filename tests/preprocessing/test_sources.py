"""What people hand in first: files, images of Pillow, tensors; and what is refused, with the reason."""

from __future__ import annotations

import io
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from preprocessing import (
    CorruptSource,
    EmptySource,
    IncompatibleSource,
    LimitExceeded,
    Limits,
    Media,
    Pipeline,
    UnsupportedSource,
)
from tests.photos import photo

from .support.files import FILES, oriented, palette, rgba, save, small

PIXELS = Pipeline.parse("npy:hwc")


class Tensor:
    """What PyTorch's tensors look like from outside."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if isinstance(self.array, Exception):
            raise self.array
        return self.array


@pytest.mark.parametrize("name", [name for name in FILES if "tiff" not in name or "RGB" in name])
def test_an_image_of_pillow_is_what_its_file_is(name: str) -> None:
    data = FILES[name]()
    np.testing.assert_array_equal(PIXELS(Image.open(io.BytesIO(data))), PIXELS(data))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_image_of_pillow_is_turned_once(format_: str) -> None:
    data = oriented(format_, 6)
    image = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(PIXELS(image), PIXELS(data))
    np.testing.assert_array_equal(PIXELS(image), PIXELS(data))  # it is left as it was


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "HSV"]
)
def test_any_mode_is_rgb(mode: str) -> None:
    by_way_of = {"La": "LA", "RGBa": "RGBA"}.get(mode, "RGB")
    image = palette() if mode == "P" else rgba().convert(by_way_of).convert(mode)
    assert PIXELS(image).shape == (45, 67, 3)


def test_a_16_bit_image_keeps_its_high_byte() -> None:
    samples = np.arange(0, 65536, 257, np.uint16).reshape(16, 16)
    right = np.repeat((samples >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(PIXELS(Image.fromarray(samples)), right)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bit_images_are_refused(mode: str) -> None:
    with pytest.raises(UnsupportedSource, match=f"mode {mode}"):
        PIXELS(small().convert("L").convert(mode))


def test_an_image_that_is_cut_off_or_too_large_is_refused() -> None:
    data = save(small(), "PNG")
    with pytest.raises(CorruptSource, match="cannot be loaded"):
        PIXELS(Image.open(io.BytesIO(data[: len(data) // 2])))
    with pytest.raises(LimitExceeded, match="67 x 45"):
        PIXELS(small(), limits=Limits(pixels=9))


def test_a_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    data = photo("rocket")
    path = tmp_path / "photo"
    path.write_bytes(b"before" + data)
    with path.open("rb") as file:
        file.seek(6)
        np.testing.assert_array_equal(PIXELS(file), PIXELS(data))
        assert file.read() == b""
    with path.open("rb", buffering=0) as raw:
        raw.seek(6)
        np.testing.assert_array_equal(PIXELS(raw), PIXELS(data))
    np.testing.assert_array_equal(PIXELS(io.BytesIO(data)), PIXELS(data))
    assert Pipeline.parse("text/lower/jsonl")(io.BytesIO(b"Word")).tolist() == ["word"]


def test_of_a_device_no_more_is_read_than_the_limit(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="more than the limit of 1000"):
        Pipeline.parse("npy").plan("/dev/zero", limits=Limits(source_bytes=1000))
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(pipe.write_bytes, photo("rocket"))
        read = Pipeline.parse("resize:8,8/npy")(pipe)
        writing.result()
    np.testing.assert_array_equal(read, Pipeline.parse("resize:8,8/npy")(photo("rocket")))


def test_a_file_of_text_or_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(IncompatibleSource, match="open it with mode 'rb'"):
        PIXELS(io.StringIO("text"))
    with pytest.raises(LimitExceeded, match="more bytes than the limit of 100"):
        PIXELS(io.BytesIO(bytes(101)), limits=Limits(source_bytes=100))


def test_what_was_read_or_closed_before_is_refused_with_the_reason() -> None:
    """Not as an object of 0 bytes, nor as a damaged image: both are right at their source."""
    data = save(small(), "PNG")
    file = io.BytesIO(data)
    PIXELS(file)
    with pytest.raises(EmptySource, match=r"seek\(0\)"):
        PIXELS(file)
    image = Image.open(file)
    file.close()
    with pytest.raises(IncompatibleSource, match="the file is closed"):
        PIXELS(file)
    for closed in (image, small().copy()):
        closed.close()
        with pytest.raises(IncompatibleSource, match="the image is closed"):
            PIXELS(closed)


def test_what_gives_an_array_is_one() -> None:
    image = np.asarray(small())
    np.testing.assert_array_equal(PIXELS(Tensor(image)), image)
    stack = Pipeline.parse("resize:8,8/npy").batch([Tensor(image), image])
    np.testing.assert_array_equal(stack[0], stack[1])


def test_what_gives_none_says_why() -> None:
    error = TypeError("can't convert cuda:0 device type tensor to numpy")
    with pytest.raises(
        IncompatibleSource, match="Tensor cannot be converted to an array: can't convert cuda:0"
    ):
        PIXELS(Tensor(error))
    with pytest.raises(IncompatibleSource, match="one of uint8"):
        PIXELS(Tensor(np.zeros((3, 3), np.int64)))


@pytest.mark.parametrize(
    "source", [None, 3, [[1]], [b"bytes"], (b"bytes",), {}, object(), np.ndarray]
)
def test_what_is_no_source_is_named(source: Any) -> None:
    with pytest.raises(IncompatibleSource, match=f"got {type(source).__name__}"):
        PIXELS(source)


@pytest.mark.parametrize("shape", [(3, 64, 90), (1, 28, 28), (4, 224, 224), (3, 17, 5000)])
def test_channels_that_stand_first_are_refused_with_a_hint(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.uint8)
    with pytest.raises(IncompatibleSource, match=r"pass array.transpose\(1, 2, 0\)"):
        PIXELS(array)
    video = Media(array[None].repeat(2, axis=0), "video", rate=5)
    with pytest.raises(IncompatibleSource, match=r"pass array.transpose\(0, 2, 3, 1\)"):
        Pipeline.parse("video/resize:8,8/npy")(video)
    assert PIXELS(array.transpose(1, 2, 0)).shape[:2] == shape[1:]


def test_more_channels_than_any_image_has() -> None:
    with pytest.raises(IncompatibleSource, match="1000 channels, more than 512"):
        PIXELS(np.zeros((40, 30, 1000), np.uint8))
    assert PIXELS(np.zeros((40, 30, 224), np.uint8)).shape == (40, 30, 224)


def test_a_source_while_another_thread_imports_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function's first batch imports it in one thread and asks for it in another."""
    monkeypatch.setitem(sys.modules, "PIL.Image", ModuleType("PIL.Image"))
    assert Pipeline.parse("resize:8,8/npy")(photo("rocket")).shape == (3, 8, 8)
