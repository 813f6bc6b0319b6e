"""Pipelines with views: what they refuse, and all that a pipeline has."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from PIL import Image

from preprocessing import ImageSpec, Pipeline, Seed, SpecError, ViewsSpec
from tests.photos import NAMES, photo, picture

SEED = Seed(3, "train/cat.jpg", '"etag"')
SIMCLR = "views:2/random_resized_crop:64/random_horizontal_flip/color_jitter:brightness=0.4,hue=0.1"
DINO = (
    "views:2,key=global/random_resized_crop:64/normalize:imagenet"
    "/views:3,key=local/random_resized_crop:32,scale=0.05,0.4/normalize:imagenet/safetensors"
)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("views:2/png", "is given views of an image, which npy, raw and safetensors hold"),
        ("views:2,key=a/npy", "key names one of several sections"),
        ("views:2,key=a/resize:8/views:2/safetensors", "step 3 'views': key is missing"),
        ("views:2,key=a/views:2,key=a/safetensors", "step 2 'views': key 'a' is taken"),
        ("views:2,key=a/views:2,key=b/npy", "sections of views, which only safetensors holds"),
        ("views:2,key=a/views:2,key=b/safetensors:key=c", "omit the encoding's key"),
        ("views:2,key=a/to_dtype:uint16/views:2,key=b/safetensors", "the same dtype"),
        ("views:2,key=a/b/npy", "unknown step"),
        ("views:2,key=a%20b/npy", "may have letters"),
        ("views:0/npy", "count: must be from 1"),
        ("video/views:2/npy", "takes image, but is given video"),
        ("mono/views:2/npy", "takes image, but is given audio"),
    ],
)
def test_what_has_no_meaning_is_refused(spec: str, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        Pipeline.parse(spec)
    assert message in str(raised.value)


def test_a_section_never_begins_from_the_one_before_it() -> None:
    image = np.asarray(picture("coffee"))
    p = Pipeline.parse("resize:90/views:1,key=a/invert/views:1,key=b/horizontal_flip/safetensors")
    made = p.views(image)
    shared = Pipeline.parse("resize:90/npy")(image)
    np.testing.assert_array_equal(made["a"][0], 255 - shared)
    np.testing.assert_array_equal(made["b"][0], shared[..., ::-1])


@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("gray", ["", "/grayscale"])
@pytest.mark.parametrize("encoding", ["npy", "raw", "safetensors"])
def test_one_section_has_all_that_a_pipeline_has(layout: str, gray: str, encoding: str) -> None:
    p = Pipeline.parse(f"resize:99/views:3/random_crop:64{gray}/{encoding}:layout={layout}")
    channels = 1 if gray else 3
    shape = (3, channels, 64, 64) if layout == "chw" else (3, 64, 64, channels)
    shape = shape[:3] if gray and layout == "hwc" else shape
    sources = [photo(name) for name in NAMES[:3]]
    encoded = [p.encode(source, seed=Seed(1, "k")) for source in sources]
    made = [p(source, seed=Seed(1, "k")) for source in sources]
    out = np.empty(shape, np.uint8)
    assert p(sources[0], seed=Seed(1, "k"), out=out) is out
    assert p.output.shape == made[0].shape == shape
    assert isinstance(p.result, ViewsSpec)
    assert {len(one.body) for one in encoded} == {p.output.nbytes}
    assert encoded[0].metadata["shape"] == ",".join(map(str, shape))
    np.testing.assert_array_equal(made[0], out)
    for array, one in zip(made, encoded, strict=True):
        assert bytes(one.body).endswith(array.tobytes())
    again = pickle.loads(pickle.dumps(p))
    np.testing.assert_array_equal(again.batch(sources, seed=[Seed(1, "k")] * 3, threads=2), made)
    assert str(p.plan(sources[0])).count("view ") == 3


def test_several_sections_are_one_body_of_named_tensors() -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    p = Pipeline.parse(DINO)
    encoded, made = p.encode(photo("coffee"), seed=SEED), p.views(photo("coffee"), seed=SEED)
    read = numpy.load(bytes(encoded.body))
    assert {key: array.shape for key, array in read.items()} == p.output.sections
    for key, array in made.items():
        np.testing.assert_array_equal(read[key], array)
    assert len(encoded.body) == p.output.nbytes
    assert encoded.metadata["shape"] == "global=2,3,64,64;local=3,3,32,32"
    assert p.metadata(p.output.shape, p.output.dtype, seed=SEED) == encoded.metadata
    assert p.encode(photo("coffee"), seed=SEED).body == encoded.body


def test_several_sections_do_not_pretend_to_be_one_array() -> None:
    p = Pipeline.parse(DINO)
    for call in (p, lambda source: p.batch([source])):
        with pytest.raises(SpecError, match=r"several arrays .*global.*local.*views\(source\)"):
            call(photo("coffee"))
    with pytest.raises(SpecError, match="returns one array"):
        Pipeline.parse(f"{SIMCLR}/npy").views(photo("coffee"))


def test_a_size_that_follows_the_source_is_not_known_before() -> None:
    p = Pipeline.parse("views:2,key=a/random_horizontal_flip/views:1,key=b/resize:8,8/safetensors")
    assert p.output.nbytes is None
    assert p.output.sections == {"a": (2, 3, None, None), "b": (1, 3, 8, 8)}
    encoded = p.encode(photo("rocket"))
    assert encoded.metadata["shape"] == "a=2,3,427,640;b=1,3,8,8"


def test_views_of_an_array_of_any_type() -> None:
    image = np.linspace(0, 1, 48 * 40 * 3, dtype=np.float32).reshape(48, 40, 3)
    made = Pipeline.parse("views:4/random_crop:32/npy:layout=hwc")(image)
    assert made.dtype == np.float32
    assert made.shape == (4, 32, 32, 3)
    windows = np.lib.stride_tricks.sliding_window_view(image, (32, 32, 3)).reshape(-1, 32, 32, 3)
    assert all((windows == view).all((1, 2, 3)).any() for view in made)


def test_a_preview_shows_each_section() -> None:
    one = Pipeline.parse(f"{SIMCLR}/npy").preview(photo("coffee"))
    two = Pipeline.parse(DINO).preview(photo("coffee"))
    sizes = [Image.open(io.BytesIO(shown.files[".png"])).size for shown in (one, two)]
    assert sizes[0][0] < sizes[1][0]
    assert "global 2×64×64×3 float32, local 3×32×32×3 float32" in two.caption


def test_the_spec_of_a_view_is_that_of_an_image() -> None:
    spec = Pipeline.parse("views:2/resize:8,9/npy").result
    assert isinstance(spec, ImageSpec)
    assert (spec.height, spec.width, spec.shape) == (8, 9, (2, 8, 9, 3))
