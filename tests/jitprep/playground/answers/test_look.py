"""``look``: what is shown of a source and its result is what a read returns."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from jitprep.playground.asks import AskRefused
from preprocessing import IncompatibleSource, Pipeline, Seed, UnsupportedSource
from preprocessing.errors import PreprocessingError
from tests.media import objects, sound
from tests.photos import photo, picture

from ..opened import Opened

LOSSLESS = [
    "npy",
    "resize:256/center_crop:224/normalize:imagenet/npy",
    "grayscale/resize:50/npy:layout=hwc",
    "resize:64/to_dtype:float16,scale=true/raw",
    "random_resized_crop:96/random_horizontal_flip/color_jitter:0.4/png",
    "resize:40/to_dtype:uint16,scale=true/png",
    "resize:32/webp:lossless=true",
    "views:3/random_crop:64/safetensors",
]


def saved(image: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def of_result(opened: Opened, view: dict) -> np.ndarray:
    """The arrays of all frames of a result."""
    arrays = [opened.array(frame) for frame in view["frames"]]
    return arrays[0] if len(arrays) == 1 else np.stack(arrays)


@pytest.mark.parametrize("line", LOSSLESS)
@pytest.mark.parametrize("seed", [0, 7])
def test_the_result_is_what_a_read_returns(line: str, seed: int) -> None:
    opened, pipeline = Opened(), Pipeline.parse(line)
    answer = opened.look(photo("coffee"), line, seed=seed)
    named = Seed(seed, "photo.jpg")
    expected = pipeline(photo("coffee"), seed=named)
    planned = pipeline.encoding.as_planned(expected, pipeline.result)
    np.testing.assert_array_equal(of_result(opened, answer["after"]), planned)
    encoded = pipeline.encode(photo("coffee"), seed=named)
    wire = answer["wire"]
    assert wire["nbytes"] == len(encoded.body)
    assert wire["content_type"] == encoded.content_type
    assert wire["metadata"] == encoded.metadata
    assert wire["source_nbytes"] == answer["item"]["nbytes"] == len(photo("coffee"))
    assert answer["line"] == str(pipeline)
    assert answer["random"] == pipeline.random


@pytest.mark.parametrize("name", sorted(objects()))
def test_every_kind_is_shown(name: str) -> None:
    kind = name.partition("/")[0]
    line = {"sound": "mono/wav", "text": "nfc/text", "video": "sample_frames:4/resize:32/npy"}[kind]
    answer = Opened().look(objects()[name], line)
    assert answer["before"]["kind"] == answer["after"]["kind"] == {"sound": "audio"}.get(kind, kind)
    assert answer["geometry"] is None or kind == "video"


@pytest.mark.parametrize("line", ["jpeg:quality=30", "grayscale/jpeg", "resize:99/webp:quality=5"])
def test_a_lossy_file_is_shown_as_its_reader_decodes_it(line: str) -> None:
    opened = Opened()
    answer = opened.look(photo("chelsea"), line)
    body = Pipeline.parse(line).encode(photo("chelsea")).body
    (frame,) = answer["after"]["frames"]
    seen = opened.array(frame)
    decoded = Pipeline.parse("npy:layout=hwc")(bytes(body))
    np.testing.assert_array_equal(np.broadcast_to(seen, decoded.shape), decoded)
    assert "as a reader decodes" in answer["after"]["how"]


def test_8_bit_pixels_are_shown_as_they_are() -> None:
    opened = Opened()
    answer = opened.look(saved(picture("rocket")), "resize:100,150/png")
    for side, expected in (
        ("before", np.asarray(picture("rocket"))),
        ("after", Pipeline.parse("resize:100,150/png")(np.asarray(picture("rocket")))),
    ):
        (frame,) = answer[side]["frames"]
        pixels = opened.pixels(frame)
        np.testing.assert_array_equal(pixels[:, :, :3], expected)
        assert (pixels[:, :, 3] == 255).all()
        assert (frame["height"], frame["width"]) == expected.shape[:2]
        assert frame["scale"] == 1


def test_a_source_is_drawn_once_while_the_pipeline_changes() -> None:
    opened = Opened()
    first = opened.look(photo("coffee"), "resize:10/npy")
    second = opened.look(photo("coffee"), "resize:20/npy")
    assert first["before"] == second["before"]
    other = opened.look(photo("chelsea"), "resize:20/npy")
    assert other["before"]["frames"][0]["asset"] != first["before"]["frames"][0]["asset"]


def test_what_a_pipeline_skips_is_what_a_reader_gets() -> None:
    answer = Opened().look(sound(), "image:skip/resize:10/npy")
    assert answer["after"]["how"] == "passed through unchanged"
    assert answer["wire"]["nbytes"] == len(sound())
    assert answer["wire"]["content_type"] == "audio/wav"


@pytest.mark.parametrize(
    ("content", "line"), [(b"", "npy"), (b"\xff\xd8\xff rest", "npy"), (sound(), "resize:3/npy")]
)
def test_errors_are_the_library_s(content: bytes, line: str) -> None:
    with pytest.raises(PreprocessingError) as expected:
        Pipeline.parse(line).encode(content)
    with pytest.raises(type(expected.value)) as found:
        Opened().look(content, line)
    assert str(found.value) == str(expected.value)


BOXES = [[300, 100, 500, 300], [0, 0, 3, 3], [50, 50, 20, 20], [-10, -10, 590, 390]]


def test_boxes_are_where_the_geometry_moves_them() -> None:
    line = "resize:256/center_crop:224/horizontal_flip/npy"
    geometry = Pipeline.parse(line).geometry(photo("coffee"))
    found = Opened().look(photo("coffee"), line, boxes=BOXES)["geometry"]
    moved, kept = geometry.boxes(np.array(BOXES, float))
    assert found["matrix"] == geometry.matrix.tolist()
    assert found["source"] == [600, 400]
    assert found["result"] == [224, 224]
    for box, before, after, keep in zip(found["boxes"], BOXES, moved, kept, strict=True):
        assert box["before"] == before
        assert box["degenerate"] == (not keep)
        assert box["after"] == (after.tolist() if (after[2:] > after[:2]).all() else None)
    assert [box["degenerate"] for box in found["boxes"]] == [False, True, True, False]


def test_a_mask_lies_over_both_sides() -> None:
    opened = Opened()
    ids = np.zeros((400, 600), np.uint8)
    ids[100:200, 150:450] = 7
    mask = opened.drop(saved(Image.fromarray(ids)), "mask.png")
    line = "random_resized_crop:128/random_horizontal_flip/npy"
    found = opened.look(photo("coffee"), line, seed=3, mask=mask)
    geometry = Pipeline.parse(line).geometry(photo("coffee"), seed=Seed(3, "photo.jpg"))
    for side, expected in (("before", ids), ("after", geometry.mask(ids))):
        frame = found["geometry"]["mask"][side]
        np.testing.assert_array_equal(opened.array(frame)[:, :, 0], expected)
        opacity = opened.pixels(frame)[:, :, 3]
        assert ((opacity == 0) == (expected == 0)).all()
        assert (opacity < 255).all()


def test_why_a_mask_cannot_be_moved_is_said() -> None:
    opened = Opened()
    mask = opened.drop(saved(Image.new("L", (3, 4))), "mask.png")
    found = opened.look(photo("coffee"), "resize:10/npy", mask=mask)
    assert found["geometry"]["mask"] is None
    assert "the mask has 4×3 pixels" in found["why"]
    with pytest.raises(UnsupportedSource):
        opened.look(photo("coffee"), "resize:10/npy", mask=opened.drop(photo("chelsea")))


def test_why_there_is_no_geometry_is_said() -> None:
    line = "views:2/random_crop:64/npy"
    found = Opened().look(photo("coffee"), line, boxes=BOXES)
    assert found["geometry"] is None
    with pytest.raises(IncompatibleSource) as expected:
        Pipeline.parse(line).geometry(photo("coffee"))
    assert found["why"] == str(expected.value)


@pytest.mark.parametrize(
    "box", [[0, 0, float("nan"), 1], [0, 0, float("inf"), 1], [0, 0, 10**400, 1]]
)
def test_a_box_is_of_numbers(box: list) -> None:
    with pytest.raises(AskRefused, match="box"):
        Opened().look(photo("coffee"), "npy", boxes=[box])
