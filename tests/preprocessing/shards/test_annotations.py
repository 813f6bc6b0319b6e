"""Boxes and masks of a sample go through with its image: they fit the pixels that were made of it."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import (
    CorruptSource,
    IncompatibleSource,
    Pipeline,
    PreprocessingError,
    Seed,
    ShardPipeline,
    SpecError,
)

from .archives import shard, unpacked

PIPELINE = "resize:40,60/random_resized_crop:32/random_horizontal_flip/npy"
HEIGHT, WIDTH = 90, 120
PALETTE = [0, 0, 0, 255, 0, 0, 0, 255, 0]


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def labelled() -> tuple[bytes, bytes, list[float]]:
    """Return a picture of a red rectangle, its mask with a palette, and its box."""
    left, top, right, bottom = 30, 20, 100, 70
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    ids[top:bottom, left:right] = 1
    mask = Image.fromarray(ids, "P")
    mask.putpalette(PALETTE)
    return png(mask.convert("RGB")), png(mask), [left, top, right, bottom]


def through(spec: str, members: dict[str, bytes], seed: int = 0) -> dict[str, bytes]:
    return dict(unpacked(b"".join(ShardPipeline.parse(spec).encode(shard(members), seed=seed))))


@given(st.integers(0, 200))
def test_masks_lie_on_the_pixels(seed: int) -> None:
    image, mask, _ = labelled()
    made = through(f"tar:mask=png/{PIPELINE}", {"a.bmp": _bmp(image), "a.png": mask}, seed)
    pixels = np.load(io.BytesIO(made["a.npy"]))
    moved = np.asarray(Image.open(io.BytesIO(made["a.png"])))
    assert moved.shape == pixels.shape[1:]
    assert set(np.unique(moved)) <= {0, 1}
    red = pixels[0] > 128
    assert (red != (moved == 1)).mean() < 0.1  # the picture is blended at its edges


@given(st.integers(0, 200))
def test_boxes_lie_on_the_pixels(seed: int) -> None:
    image, _, box = labelled()
    text = json.dumps({"bbox": [box, [0, 0, 5, 5]], "id": 7}).encode()
    made = through(f"tar:boxes=json,bbox/{PIPELINE}", {"a.json": text, "a.png": image}, seed)
    document = json.loads(made["a.json"])
    red = np.load(io.BytesIO(made["a.npy"]))[0] > 200
    assert document["id"] == 7
    assert document["bbox_keep"][0] == bool(document["bbox"][0][2] > document["bbox"][0][0] + 1)
    rows, columns = np.nonzero(red)
    if len(rows) > 30:
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(document["bbox"][0], found, atol=2.5)


def test_they_are_what_the_geometry_says() -> None:
    image, mask, box = labelled()
    xywh = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
    text = json.dumps(
        {"annotations": [{"bbox": xywh, "class": 3}, {"bbox": [1, 1, 2, 2]}]}
    ).encode()
    spec = f"tar:boxes=json,annotations.bbox,xywh,mask=seg.png/{PIPELINE}"
    made = through(spec, {"k.json": text, "k.jpg": image, "k.seg.png": mask}, 5)
    archive = shard({"k.json": text, "k.jpg": image, "k.seg.png": mask})
    seed = Seed(5, "k", Seed().of(archive).etag)
    geometry = Pipeline.parse(PIPELINE).geometry(image, seed=seed)
    moved, keep = geometry.boxes(np.array([xywh, [1, 1, 2, 2]], float), "xywh")
    found = json.loads(made["k.json"])["annotations"]
    assert [one["bbox"] for one in found] == moved.tolist()
    assert [one["bbox_keep"] for one in found] == keep.tolist()
    assert found[0]["class"] == 3
    ids = np.asarray(Image.open(io.BytesIO(mask)))
    np.testing.assert_array_equal(
        np.asarray(Image.open(io.BytesIO(made["k.seg.png"]))), geometry.mask(ids)
    )


def test_masks_of_many_classes_keep_16_bits() -> None:
    ids = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)
    members = {"a.jpg": labelled()[0], "a.png": png(Image.fromarray(ids))}
    made = through("tar:mask=png/center_crop:50/npy", members)
    moved = np.asarray(Image.open(io.BytesIO(made["a.png"])))
    np.testing.assert_array_equal(moved, ids[20:70, 35:85])


def test_samples_in_python_have_them_too() -> None:
    image, mask, _ = labelled()
    (sample,) = ShardPipeline.parse("tar:mask=png/center_crop:50/npy")(
        shard({"a.jpg": image, "a.png": mask})
    )
    assert isinstance(sample["npy"], np.ndarray)
    assert isinstance(sample["png"], bytes)


def test_a_sample_without_an_image_passes() -> None:
    members = {"a.json": b'{"bbox": []}', "b.jpg": labelled()[0], "b.json": b'{"bbox": []}'}
    made = through("tar:boxes=json,bbox/resize:8/npy", members)
    assert made["a.json"] == members["a.json"]
    assert json.loads(made["b.json"]) == {"bbox": [], "bbox_keep": []}


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ({"a.json": b"{"}, CorruptSource, "'a.json' of the shard: it is not JSON"),
        ({"a.json": b"[" * 100_000}, CorruptSource, "not JSON"),
        ({"a.json": b'{"boxes": []}'}, IncompatibleSource, "no boxes at 'bbox'"),
        ({"a.json": b'{"bbox": [[1, 2, 3]]}'}, IncompatibleSource, "four numbers"),
        ({"a.json": b'{"bbox": [[1, 2, 3, NaN]]}'}, IncompatibleSource, "four numbers"),
        ({"a.json": b'{"bbox": "x"}'}, IncompatibleSource, "four numbers"),
        ({"a.json": b'{"bbox": [1e308, 0, 1e308, -1e308]}'}, IncompatibleSource, "four numbers"),
        ({"a.json": b'{"bbox": null}'}, IncompatibleSource, "four numbers"),
        ({"a.json": b'{"bbox": 5}'}, IncompatibleSource, "four numbers"),
        ({"a.json": b'{"bbox": [[], []]}'}, IncompatibleSource, "four numbers"),
        ({"a.png": labelled()[1][:60]}, PreprocessingError, "'a.png' of the shard"),
        ({"a.png": png(Image.new("L", (7, 7)))}, IncompatibleSource, "does not fit its image"),
        ({"a.png": labelled()[0]}, PreprocessingError, "'a.png' of the shard"),
        ({"a.jpeg": labelled()[0]}, IncompatibleSource, "images of one sample|all be named"),
    ],
)
def test_wrong_annotations(members: dict[str, bytes], error: Any, message: str) -> None:
    spec = "tar:boxes=json,bbox,mask=png/resize:8/npy"
    with pytest.raises(error, match=message):
        through(spec, {"a.jpg": labelled()[0], **members})
    skipping = through(
        spec.replace("tar:", "tar:on_bad=skip,"), {"a.jpg": labelled()[0], **members}
    )
    assert list(skipping) == ["__jitprep__/skipped.json"]


@pytest.mark.parametrize("named", ["boxes=jsn,bbox", "mask=seg.png"])
def test_a_name_that_no_member_has_is_refused_at_the_end(named: str) -> None:
    members = {"a.jpg": labelled()[0], "a.json": b'{"bbox": []}'}
    with pytest.raises(IncompatibleSource, match="no member of the shard has the extension"):
        through(f"tar:{named}/resize:8/npy", members)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tar:boxes=json/npy", "the place in its JSON"),
        ("tar:boxes=json,bbox,yxyx/npy", "xyxy, xywh or cxcywh"),
        ("tar:mask=.png/npy", "without its first dot"),
        ("tar:mask=PNG/npy", "lower case"),
        ("tar:mask=png/audio/mono/npy", "with images only"),
    ],
)
def test_wrong_arguments(spec: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        ShardPipeline.parse(spec)


def _bmp(body: bytes) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(body)).convert("RGB").save(stream, "BMP")
    return stream.getvalue()
