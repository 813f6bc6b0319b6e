"""A pipeline in two parts: together they make what the whole makes, bit for bit."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from PIL import Image

from preprocessing import (
    TRANSFORMS,
    Encoded,
    Encoding,
    Limits,
    Pipeline,
    PreprocessingError,
    Seed,
    SpecError,
    Transform,
)
from preprocessing.planner.split import split
from preprocessing.transforms import RandomTransform
from tests.photos import picture

from ..strategies import TRANSFORMS_BY_NAME, encodings, sound_encodings
from ..support.clips import clip
from ..support.sounds import FILES

LIMITS = Limits()


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


SMALL = picture("coffee").resize((150, 100))
SOURCES = {
    "large": saved(picture("rocket")),  # large enough to be decoded at a smaller scale
    "small": saved(SMALL),
    "4:4:4": saved(SMALL, subsampling=0),
    "gray": saved(SMALL.convert("L")),
    "png": saved(SMALL, "PNG", compress_level=0),
}


def of_kind(kind: str, *, random: bool) -> st.SearchStrategy[Transform]:
    """The steps for objects of a kind, which are random or not."""
    return st.one_of(
        strategy
        for name, strategy in TRANSFORMS_BY_NAME.items()
        if kind in TRANSFORMS[name].input_kinds
        and issubclass(TRANSFORMS[name], RandomTransform) == random
    )


FIXED = {kind: of_kind(kind, random=False) for kind in ("image", "audio")}
RANDOM = {kind: of_kind(kind, random=True) for kind in ("image", "audio")}
# Most pipelines of any steps refuse a source or each other. These do not, and meet in every rule.
PLAIN = st.sampled_from(
    tuple(
        Pipeline.parse(f"{text}/npy").steps[0]
        for text in (
            "resize:64", "resize:40,56", "resize:64,interpolation=nearest",
            "resize:60,interpolation=bicubic",
            "center_crop:48", "crop:3,5,40,44", "pad:3", "pad:5,padding_mode=reflect", "horizontal_flip",
            "vertical_flip", "grayscale", "grayscale:3", "invert", "solarize:100", "posterize:4",
            "adjust_gamma:2", "adjust_contrast:1.3", "gaussian_blur:3,1", "to_dtype:float32,scale=true",
            "normalize:imagenet", "random_crop:32", "random_resized_crop:32", "random_horizontal_flip",
            "random_vertical_flip", "random_grayscale", "random_erasing",
            "color_jitter:brightness=0.4,saturation=0.4",
            "random_rotation:20", "random_solarize:100", "random_invert",
        )
    )
)  # fmt: skip


@st.composite
def random_pipelines(draw: st.DrawFn, kind: str, ends: st.SearchStrategy[Encoding]) -> Pipeline:
    """Return random pipelines; a part of most can be kept."""
    fixed, random = FIXED[kind], RANDOM[kind]
    if kind == "image" and draw(st.integers(0, 3)):
        fixed = PLAIN.filter(lambda step: not isinstance(step, RandomTransform))
        random = PLAIN.filter(lambda step: isinstance(step, RandomTransform))
    steps = draw(st.lists(fixed, min_size=1, max_size=2))
    steps += [draw(random), *draw(st.lists(st.one_of(fixed, random), max_size=3))]
    try:
        return Pipeline(steps, draw(ends), exact=draw(st.booleans()), kind=kind)
    except SpecError:
        assume(False)
        raise


def outcome(make: Callable[[], Encoded | None]) -> object:
    """Return what is made, or the error."""
    try:
        made = make()
    except PreprocessingError as error:
        return type(error), str(error)
    return made and (bytes(made.body), made.content_type, made.metadata)


def require_equal(pipeline: Pipeline, source: bytes) -> bool:
    """Compare what is made with a copy and without; return whether a copy was of use."""
    parts = split(pipeline)
    if parts is None:
        return False
    seeds = (Seed(1, "a.jpg", '"1"'), Seed(2, "b.jpg", '"1"'))
    copies: list[Encoded | None] = []

    def with_copy() -> Encoded:
        made, kept = parts.make(source, seeds[0], LIMITS)
        copies.append(kept)
        return made

    whole = [outcome(partial(pipeline.encode, source, seed=seed)) for seed in seeds]
    assert outcome(with_copy) == whole[0]
    if not copies or copies[0] is None:
        return False
    body, about = bytes(copies[0].body), copies[0].metadata
    again = [outcome(partial(parts.finish, body, about, seed, LIMITS)) for seed in seeds]
    assert all(one is None or one == other for one, other in zip(again, whole, strict=True))
    return any(again)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(random_pipelines("image", encodings), st.sampled_from(sorted(SOURCES)))
def test_two_parts_of_an_image_pipeline_make_what_the_whole_makes(pipeline, name):
    event(f"used: {require_equal(pipeline, SOURCES[name])}")


@settings(max_examples=15, suppress_health_check=[HealthCheck.filter_too_much])
@given(random_pipelines("audio", sound_encodings), st.sampled_from(("wav 16 bits", "flac 16 bits")))
def test_two_parts_of_a_sound_pipeline_make_what_the_whole_makes(pipeline, name):
    event(f"used: {require_equal(pipeline, FILES[name]())}")


@pytest.mark.parametrize(
    "spec",
    [
        "sample_frames:3/resize:40/random_crop:32/random_horizontal_flip/npy",
        "resize:40/random_resized_crop:24/sample_frames:3/mp4",
        "clip:0,0.5/sample_fps:8/center_crop:48/color_jitter:brightness=0.4/npy:layout=hwc",
    ],
)
def test_two_parts_of_a_video_pipeline_make_what_the_whole_makes(spec):
    assert require_equal(Pipeline.parse(spec), clip("mp4"))


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        ("resize:256/random_crop:224/random_horizontal_flip/npy", True),
        ("center_crop:300/resize:64/random_grayscale/npy", True),
        ("exact/pad:3/random_resized_crop:32/npy", True),
        ("resize:64/random_rotation:20,expand=true/center_crop:32/npy", True),
        # Merged into the resize.
        ("resize:64/random_horizontal_flip/normalize:imagenet/npy", False),
        # In some draws it may be.
        ("resize:64/random_rotation:20/normalize:imagenet/npy", False),
        # The luma of a JPEG is all that is decoded.
        ("grayscale/random_horizontal_flip/npy", False),
        # A JPEG is decoded at a smaller scale.
        ("pad:3/random_resized_crop:32/npy", False),
        # Nothing is before the first random step.
        ("random_resized_crop:224/npy", False),
        # Floats.
        ("resize:64/to_dtype:float32/random_crop:32/npy", False),
    ],
)
def test_what_is_kept_is_what_every_draw_can_use(spec, kept):
    assert require_equal(Pipeline.parse(spec), SOURCES["large"]) == kept
