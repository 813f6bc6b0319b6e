"""What a user holds: any source, no surprises with memory, threads or mutation."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import IncompatibleSource, Pipeline, Resize, Safetensors, ToDtype
from preprocessing.media import ImageSpec
from tests.photos import NAMES, photo

from .strategies import can_take, images, pipelines
from .support.markup import Tags

P = Pipeline.parse("grayscale/resize:32/png")
# Steps that give a view of their source, or may.
VIEWS = ("npy", "npy:hwc", "png", "horizontal_flip", "crop:0,0,2,2", "to_dtype:uint8",
         "center_crop:2/vertical_flip/npy:hwc", "grayscale", "pad:0", "resize:3,3",
         "resize:3,3,interpolation=nearest")  # fmt: skip


def test_every_kind_of_source_gives_the_same(tmp_path: Path) -> None:
    data = photo("chelsea")
    path = tmp_path / "photo"
    path.write_bytes(data)
    expected = P(data)
    for source in (bytearray(data), memoryview(data), memoryview(b"x" + data)[1:], str(path), path):
        np.testing.assert_array_equal(P(source), expected)
        assert P.encode(source).body == P.encode(data).body


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        P(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3, np.uint8), r"got \(3,\)"),
        (np.zeros((2, 2, 2, 2), np.uint8), r"got \(2, 2, 2, 2\)"),
        (np.zeros((0, 5, 3), np.uint8), r"got \(0, 5, 3\)"),
        (np.zeros((5, 5, 0), np.uint8), r"got \(5, 5, 0\)"),
        (np.zeros((5, 5), np.int64), "got int64; convert it"),
        (np.zeros((5, 5), np.float64), "got float64; convert it"),
        (np.zeros((5, 5), bool), "got bool; convert it"),
        (np.zeros((5, 5), object), "got object; convert it"),
    ],
)
def test_an_array_that_is_no_image_is_refused(array: np.ndarray, words: str) -> None:
    with pytest.raises(IncompatibleSource, match=words):
        Pipeline([])(array)


def test_a_step_that_cannot_take_the_array_is_named() -> None:
    with pytest.raises(IncompatibleSource, match=r"step 2 'normalize'.*3 channels.*has 4"):
        Pipeline.parse("resize:4/normalize:imagenet")(np.zeros((5, 5, 4), np.uint8))
    with pytest.raises(IncompatibleSource, match=r"step 1 'png'.*float32"):
        Pipeline.parse("png")(np.zeros((5, 5), np.float32))


def test_foreign_byte_order_is_understood() -> None:
    native = np.arange(600, dtype=np.uint16).reshape(10, 20, 3)
    for spec in ("npy", "resize:4,5", "png", "normalize:imagenet", "to_dtype:uint8,scale=true"):
        p = Pipeline.parse(spec)
        np.testing.assert_array_equal(p(native.astype(">u2")), p(native))
        assert p.encode(native.astype(">u2")).body == p.encode(native).body


@given(pipelines(), images(("uint8",), channels=(3,)), st.data())
def test_strides_of_an_array_do_not_matter(
    p: Pipeline, image: np.ndarray, data: st.DataObject
) -> None:
    assume(can_take(p, ImageSpec(*image.shape, "uint8")))
    views: list[Callable[[], np.ndarray]] = [
        lambda: np.asfortranarray(image),
        lambda: image[::-1, ::-1].copy()[::-1, ::-1],
        lambda: np.repeat(image, 2, axis=1)[:, ::2],
    ]
    view = data.draw(st.sampled_from(views))()
    np.testing.assert_array_equal(p(view), p(image))
    assert p.encode(view).body == p.encode(image).body


@pytest.mark.parametrize("spec", VIEWS)
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (1, 1, 3), (3, 3, 3)])
def test_the_callers_array_is_neither_changed_nor_handed_back(shape: tuple, spec: str) -> None:
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    before = image.copy()
    image.flags.writeable = False
    result = Pipeline.parse(spec)(image)
    Pipeline.parse(spec).encode(image)
    assert not np.shares_memory(result, image)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("spec", [*VIEWS, "grayscale:3", "normalize:clip", "to_dtype:float16"])
@pytest.mark.parametrize("source", ["jpeg", "png", "array", "foreign"])
def test_a_result_is_the_callers_own(spec: str, source: str) -> None:
    """Writable, in C order, and not overwritten by the next call: ready for ``torch.from_numpy``."""
    picture = np.full((5, 6, 3), 200, np.uint8)
    sources = {"jpeg": Pipeline.parse("jpeg").encode(picture).body,
               "png": Pipeline.parse("png").encode(picture).body,
               "array": picture,
               "foreign": picture.astype(">f4")}  # fmt: skip
    p = Pipeline.parse(spec if source != "foreign" else spec.replace("png", "npy:hwc"))
    first = p(sources[source])
    assert first.flags.writeable
    assert first.flags.c_contiguous
    assert first.dtype.isnative
    kept = first.copy()
    second = p(sources[source])
    assert not np.shares_memory(first, second)
    second[...] = 0
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(p(sources[source]), kept)


def test_values_outside_a_type_are_clipped_in_silence() -> None:
    """As the docstring promises; torchvision wraps, and NumPy warns on standard error."""
    wild = np.array([[[-1e30, -1.0, np.nan, 0.25, 1.0, 7.0, np.inf]]], np.float32)
    expected = {"uint8": [0, 0, 0, 63, 255, 255, 255], "uint16": [0, 0, 0, 16384, *[65535] * 3]}
    for dtype, row in expected.items():
        assert Pipeline([ToDtype(dtype, scale=True)])(wild).ravel().tolist() == row  # type: ignore[arg-type]
    half = Pipeline([ToDtype("float16")])(wild).ravel()
    assert half[0] == -65504 and half[-1] == 65504 and np.isnan(half[2])
    assert Pipeline.parse("to_dtype:float16")(np.array([[65535]], np.uint16)).item() == 65504
    assert Pipeline.parse("pad:1,fill=1e9")(half[None, :2]).max() == 65504
    edge = np.array([[0, 65504, 65504, 0]], np.float16)
    assert Pipeline.parse("resize:1,9,interpolation=bicubic")(edge).max() == 65504
    assert Pipeline.parse("pad:1,fill=-5")(np.zeros((1, 1), np.uint8)).max() == 0


def test_a_pipeline_is_a_value() -> None:
    p = Pipeline.parse("resize:8/npy")
    assert {p: 1}[Pipeline([Resize(8)])] == 1
    assert p != "resize:8/npy"
    with pytest.raises(AttributeError):
        p.steps = ()  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        p.steps[0].size = 9  # type: ignore[attr-defined]
    p.document["steps"].clear()
    assert p.document == {"version": 1, "steps": [{"resize": {"size": 8}}], "encode": {"npy": {}}}


def test_threads_give_what_one_gives() -> None:
    p = Pipeline.parse("resize:96/center_crop:80/normalize:imagenet/npy")
    jobs = [photo(name) for name in NAMES] * 8
    expected = [bytes(p.encode(job).body) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        assert [bytes(e.body) for e in pool.map(p.encode, jobs)] == expected


@given(pipelines())
def test_notebooks_show_the_steps(p: Pipeline) -> None:
    text = Tags(p._repr_html_()).text
    for what in (*map(repr, p.steps), repr(p.encoding), str(p), p.output.content_type):
        assert what in text or "\r" in what or "\0" in what


def test_html_is_escaped() -> None:
    p = Pipeline([Resize(9)], Safetensors(key="<script>alert('x')</script>"))
    for html in (p._repr_html_(), p.preview(photo("chelsea"))._repr_html_()):
        assert "<script" not in html
        Tags(html)


def test_readme_like_reading() -> None:
    assert repr(P) == "Pipeline([Grayscale(), Resize(32)], encode=Png())"
    assert repr(Pipeline([], exact=True)) == "Pipeline([], encode=Npy(), exact=True)"
    assert re.fullmatch("[0-9a-f]{32}", P.fingerprint)
