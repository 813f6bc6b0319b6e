"""Pipelines of masks: what they take, what they return, and that no step makes up a class id."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

import preprocessing
from jitprep.reader import open_reader
from preprocessing import (
    TRANSFORMS,
    IncompatibleSource,
    IndexSpec,
    Media,
    Pipeline,
    Seed,
    ShardPipeline,
    SpecError,
    Stack,
    Transform,
)
from preprocessing.planner.split import split

from ..shards.archives import shard, unpacked
from ..strategies import TRANSFORMS_BY_NAME
from ..support.files import palette, save

TAKING = [name for name in TRANSFORMS if "index" in TRANSFORMS[name].input_kinds]
MOVES = st.lists(st.one_of(*(TRANSFORMS_BY_NAME[name] for name in TAKING)), max_size=4)


@st.composite
def pipelines_of_masks(draw: st.DrawFn) -> Pipeline:
    """Any legal pipeline for masks."""
    steps: list[Transform] = draw(MOVES)
    encoding = draw(st.sampled_from(("npy", "raw", "safetensors", "png", "npy:hwc")))
    try:
        end = Pipeline.parse(f"image/{encoding}").encoding
        return Pipeline(steps, end, kind=draw(st.sampled_from(("index", "index:uint16"))))
    except SpecError:
        assume(False)
        raise


def fills(pipeline: Pipeline) -> set[int]:
    return {0, *(int(getattr(step, "fill", 0)) for step in pipeline.steps)}


def test_the_steps_for_masks_are_those_that_move_pixels() -> None:
    assert set(TAKING) == {
        "affine", "center_crop", "crop", "horizontal_flip", "letter_box", "pad", "perspective",
        "random_affine", "random_crop", "random_horizontal_flip", "random_perspective",
        "random_resized_crop", "random_rotation", "random_vertical_flip", "resize", "rotate",
        "vertical_flip",
    }  # fmt: skip


@given(pipelines_of_masks(), st.integers(0, 9), st.integers(0, 2**32 - 1))
def test_no_class_id_is_made_up(p: Pipeline, seed: int, drawn: int) -> None:
    dtype = "uint8" if p.kind == "index" else "uint16"
    ids = np.random.default_rng(drawn).choice(np.array([3, 77, 200], dtype), (21, 17))
    data = save(Image.fromarray(ids), "PNG")
    try:
        result = p(data, seed=seed)
    except IncompatibleSource:  # such as a crop larger than the mask
        return
    assert result.dtype == dtype == p.output.dtype
    assert set(np.unique(result).tolist()) <= {3, 77, 200} | fills(p)
    encoded = p.encode(data, seed=seed)
    assert encoded.metadata["dtype"] == dtype
    assert encoded.metadata["shape"] == ",".join(map(str, result.shape))
    assert p.output.nbytes in (None, len(encoded.body))


@given(pipelines_of_masks(), st.booleans())
def test_masks_are_spelled_in_three_ways_and_never_implied(p: Pipeline, skip: bool) -> None:
    p = Pipeline(p.steps, p.encoding, kind=p.kind, skip=skip)
    names = {name: getattr(preprocessing, name) for name in dir(preprocessing)}
    assert Pipeline.parse(str(p)) == Pipeline.parse(p.document) == eval(repr(p), names) == p
    assert str(p).startswith(f"{p.kind}:skip/" if skip else f"{p.kind}/")
    assert Pipeline(p.steps, p.encoding).kind != p.kind
    assert p.fingerprint != Pipeline(p.steps, p.encoding).fingerprint


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("index/blur:3/npy", "step 1 'blur': takes image or video, but is given index; class ids"),
        ("index/normalize:imagenet/npy", "step 1 'normalize': takes image or video, but is given"),
        ("index/resize:8/to_dtype:float32/npy", "step 2 'to_dtype': takes image or video, but is"),
        ("index/color_jitter:0.4/npy", "step 1 'color_jitter': takes image or video, but is given"),
        ("index/erase:0,0,2,2/npy", "step 1 'erase': takes image or video, but is given index"),
        (
            "index/jpeg",
            "step 1 'jpeg': takes image or video, but is given index; class ids are not",
        ),
        ("index/webp:lossless=true", "step 1 'webp': takes image, but is given index"),
        ("index/letter_box:8/npy", "fill: its default is a gray; give a class id, such as fill=0"),
        ("index/pad:3,fill=256/npy", "fill: must be a class id, a whole number from 0 to 255, got"),
        ("index/rotate:3,fill=0.5/npy", "fill: must be a class id, a whole number from 0 to 255"),
        ("index/affine:3,fill=1,2,3/npy", "fill: must be a class id, a whole number from 0 to 255"),
        ("index/random_crop:3,fill=-1/npy", "fill: must be a class id, a whole number from 0 to"),
        (
            "index:uint16/pad:3,fill=65536/npy",
            "fill: must be a class id, a whole number from 0 to 65",
        ),
        ("index:float32/npy", "index: can only be followed by uint16 or skip, got 'float32'"),
        (
            "index:skip:uint16/npy",
            "index: can only be followed by uint16 or skip, got 'skip:uint16'",
        ),
    ],
)
def test_what_would_change_class_ids_is_refused_at_once(spec: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(spec)
    assert words in str(raised.value)


def test_fingerprints_are_what_they_were() -> None:
    """Those of images are older than masks; a change of one makes all stored copies stale."""
    assert {spec: Pipeline.parse(spec).fingerprint for spec in FINGERPRINTS} == FINGERPRINTS


FINGERPRINTS = {
    "resize:256/center_crop:224/normalize:imagenet/npy": "878e9063bc8f38e128261a55ab9c8045",
    "letter_box:640/pad:2/rotate:10/perspective:0,0,12,0,12,10,0,10,endpoin"
    "ts=2,2,11,0,11,8,3,8/png": "8f697e612e1d65bed428f69f01043d43",
    "random_crop:64/random_affine:30/random_resized_crop:32/random_horizont"
    "al_flip/raw": "569e7d018476c4a27f94454bac1df378",
    "image:skip/to_dtype:uint16,scale=true/safetensors": "a57df8e81ac40b1080a36db7d277ff76",
    "to_dtype:uint16/npy": "d94c1b9f631a193022e355df94a25d45",
    "video/resize:64,64/npy": "764718c1700cf24ca21836ac03db0b53",
    "audio:skip/mono/npy": "48e8e614f31c5d68a5d5de69a2b68b76",
    "index/resize:256,256/png": "ec341493c9eb370f09012c608202a37d",
    "index:uint16/center_crop:224/npy": "2d98049a8ae207ce26ef94768785b089",
}


def test_border_pixels_have_the_fill() -> None:
    ids = np.full((4, 4), 7, np.uint8)
    ignored = Pipeline.parse("index/pad:1,fill=255/npy:hwc")(ids)
    assert set(ignored[0].tolist()) == {255}
    boxed = Pipeline.parse("index/letter_box:4,8,fill=0/npy:hwc")(ids)
    np.testing.assert_array_equal(boxed, np.pad(ids, ((0, 0), (2, 2))))
    assert 0 in Pipeline.parse("index/rotate:45/npy")(ids)


def test_nearest_exact_is_pillows() -> None:
    ids = np.asarray(palette())
    expected = Image.fromarray(ids).resize((23, 31), Image.Resampling.NEAREST)
    p = Pipeline.parse("index/resize:31,23,interpolation=nearest_exact/npy:hwc")
    np.testing.assert_array_equal(p(ids), np.asarray(expected))


def test_sizes_are_known_before_a_read_and_batches_stack() -> None:
    p = Pipeline.parse("index:uint16/resize:8,6/npy")
    assert (p.output.shape, p.output.dtype, p.output.nbytes) == ((1, 8, 6), "uint16", 224)
    assert p.result == IndexSpec(8, 6, 1, "uint16")
    data = save(palette(), "PNG")
    batch = p.batch([data, palette(), Media(np.asarray(palette()).astype(np.uint16), "index")])
    assert batch.shape == (3, 1, 8, 6)
    assert (batch == batch[0]).all()
    stack = Stack(p, 2)
    stack.fill(0, data)
    stack.fill(1, data)
    assert stack.encode([0, 1]).metadata["dtype"] == "uint16"


def test_objects_of_other_kinds_are_refused_or_pass() -> None:
    text = b"a caption"
    with pytest.raises(preprocessing.SourceError):
        Pipeline.parse("index/npy")(text)
    sound = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"
    with pytest.raises(
        IncompatibleSource, match=r"is audio .* takes masks of class ids; .*index:uint"
    ):
        Pipeline.parse("index:uint16/npy")(sound)
    assert Pipeline.parse("index:uint16:skip/npy").encode(sound).body == sound


def test_a_random_pipeline_of_masks_is_kept_in_two_parts() -> None:
    p = Pipeline.parse("index/resize:20,20/random_crop:9/npy")
    parts, data, seed = split(p), save(palette(), "PNG"), Seed(3, "a", "e")
    assert parts is not None
    whole, kept = parts.make(data, seed, preprocessing.Limits())
    assert kept is not None
    assert whole.body == p.encode(data, seed=seed).body
    again = parts.finish(kept.body, kept.metadata, Seed(4, "a", "e"), preprocessing.Limits())
    assert again is not None
    assert again.body == p.encode(data, seed=Seed(4, "a", "e")).body


def test_a_preview_shows_each_id_in_its_colour() -> None:
    ids = np.repeat(np.repeat(np.array([[0, 1], [2, 255]], np.uint8), 8, 0), 8, 1)
    preview = Pipeline.parse("index/horizontal_flip/png").preview(ids)
    drawn = np.asarray(Image.open(io.BytesIO(preview.png)).convert("RGB"))
    left = drawn[:320, :320]
    # The first colours of PASCAL VOC, and white's neighbour for what is not labelled.
    assert left[10, 10].tolist() == [0, 0, 0]
    assert left[10, 310].tolist() == [128, 0, 0]
    assert left[310, 10].tolist() == [0, 128, 0]
    assert left[310, 310].tolist() == [224, 224, 192]
    assert len(np.unique(left.reshape(-1, 3), axis=0)) == 4


def test_the_reader_reads_masks(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(save(palette(), "PNG"))
    for encoding in ("npy", "raw", "safetensors", "png"):
        p = Pipeline.parse(f"index/resize:8,6/{encoding}")
        masks = open_reader(f"file:{tmp_path}", pipeline=p)
        np.testing.assert_array_equal(masks.get("a.png"), p(tmp_path / "a.png"))


def test_masks_of_a_shard_are_transformed_beside_its_photographs() -> None:
    mask = save(palette(), "PNG")
    archive = shard({"0.jpg": b"left as it is", "0.png": mask, "0.cls": b"3"})
    p = ShardPipeline.parse("tar:members=png/index/resize:8,6/npy")
    made = dict(unpacked(b"".join(p.encode(archive))))
    assert made.keys() == {"0.jpg", "0.npy", "0.cls"}
    assert made["0.npy"] == p.pipeline.encode(mask).body
    every = ShardPipeline.parse("tar/index:uint16/resize:8,6/npy")
    (sample,) = every(shard({"0.png": mask, "0.txt": b"a caption"}))
    np.testing.assert_array_equal(sample["npy"], every.pipeline(mask))
