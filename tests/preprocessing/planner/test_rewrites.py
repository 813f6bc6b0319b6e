"""Each rule of the planner alone: where it fires, where it must not, and what it costs in accuracy."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from preprocessing import Limits, Npy, Pipeline
from preprocessing.planner.execute import execute
from preprocessing.planner.lowering import resolve_random
from preprocessing.planner.plan import Plan
from preprocessing.planner.rewrites import RULES, Draft
from preprocessing.planner.stages import Stage
from preprocessing.rng import Draws
from preprocessing.sources import AnySource, load_source
from tests.photos import NAMES, photo, picture

from ..strategies import FILTERS, images

RULE = {rule.name: rule for rule in RULES}


def drafted(p: Pipeline, source: AnySource) -> tuple[Draft, bytes | np.ndarray]:
    """The literal draft for a source, and its content."""
    loaded = load_source(source, "image", Limits())
    stages: list[Stage] = []
    spec = Draft(loaded.start, ()).before(0)
    for step in p.steps:
        for fixed, after in resolve_random(step, spec, Draws(b"")):
            stages += fixed.lower(spec)
            spec = after
    return Draft(loaded.start, tuple(stages)), loaded.content


def run(draft: Draft, content: bytes | np.ndarray) -> np.ndarray:
    plan = Plan(draft.source, draft.stages, (), Npy(), draft.before(len(draft.stages)), None)
    return execute(plan, content).astype(np.float64)


def both(rule: str, spec: str, source: AnySource) -> tuple[np.ndarray, np.ndarray]:
    """The result of the literal draft, and of the one that the rule alone makes of it."""
    draft, content = drafted(Pipeline.parse(spec), source)
    better = RULE[rule].apply(draft)
    assert better is not None, f"{rule} does not fire on {spec}"
    assert better.before(len(better.stages)) == draft.before(len(draft.stages))
    return run(draft, content), run(better, content)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((a - b) ** 2), 1e-12)))


def even() -> bytes:
    """The rocket without its last three rows, so that the picture fills its blocks."""
    return _save(picture("rocket").crop((0, 0, 640, 424)))


def gray_jpeg() -> bytes:
    return _save(picture("coffee").convert("L"))


def cmyk_jpeg() -> bytes:
    return _save(picture("coffee").convert("CMYK"))


def png() -> bytes:
    return _save(picture("chelsea"), "PNG", compress_level=0)


def _save(image: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def rocket() -> bytes:
    return photo("rocket")


# Rule, pipeline, source, whether the rule fires on the literal draft.
FIRES: list[tuple[str, str, Callable[[], bytes], bool]] = [
    ("crop_into_resample", "resize:64/center_crop:48", rocket, True),
    ("crop_into_resample", "resize:64,interpolation=nearest/crop:1,2,3,4", rocket, True),
    ("crop_into_resample", "grayscale/resize:64/center_crop:48", rocket, True),
    ("crop_into_resample", "center_crop:48/resize:64", rocket, False),
    ("crop_into_resample", "resize:64/center_crop:100", rocket, False),  # pads first
    ("crop_into_resample", "resize:64/horizontal_flip/center_crop:48", rocket, False),
    ("merge_windows", "center_crop:48/crop:1,2,3,4", rocket, True),
    ("merge_windows", "center_crop:48/horizontal_flip/crop:1,2,3,4", rocket, False),
    ("cancel_mirrors", "vertical_flip/vertical_flip", rocket, True),
    ("cancel_mirrors", "vertical_flip/horizontal_flip", rocket, False),
    ("window_before_mirror", "horizontal_flip/crop:1,2,3,4", rocket, True),
    ("window_before_mirror", "crop:1,2,3,4/horizontal_flip", rocket, False),
    ("move_before_pointwise", "grayscale/center_crop:48", rocket, True),
    ("move_before_pointwise", "normalize:imagenet/horizontal_flip", rocket, True),
    ("move_before_pointwise", "pad:1/center_crop:48", rocket, False),
    ("window_into_border", "pad:4/crop:1,2,30,40", rocket, True),
    ("window_into_border", "pad:4/crop:5,6,30,40", rocket, True),
    ("window_into_border", "pad:4,padding_mode=edge/crop:1,2,30,40", rocket, True),
    ("window_into_border", "pad:4,padding_mode=reflect/crop:5,6,30,40", rocket, True),
    ("window_into_border", "pad:4,padding_mode=reflect/crop:1,2,30,40", rocket, False),
    ("window_into_border", "pad:9/crop:1,2,3,4", rocket, False),  # none of the picture is left
    ("mirror_into_resample", "resize:64/vertical_flip", rocket, True),
    ("mirror_into_resample", "resize:64,interpolation=nearest/horizontal_flip", rocket, True),
    ("mirror_into_resample", "horizontal_flip/resize:64", rocket, False),
    ("merge_tables", "invert/posterize:3", rocket, True),
    ("merge_tables", "invert/grayscale/posterize:3", rocket, False),
    ("single_precision", "resize:107", rocket, True),
    ("single_precision", "to_dtype:float32/resize:64", rocket, False),
    ("single_precision", "resize:64,interpolation=nearest", rocket, False),
    ("cast_into_affine", "to_dtype:float32,scale=true/normalize:imagenet", rocket, True),
    ("cast_into_affine", "to_dtype:float32/normalize:imagenet", rocket, True),
    ("cast_into_affine", "to_dtype:float16/normalize:imagenet", rocket, False),
    ("cast_into_affine", "to_dtype:uint16/normalize:imagenet", rocket, False),
    ("cast_into_affine", "normalize:imagenet", rocket, False),
    ("luma_decode", "grayscale", rocket, True),
    ("luma_decode", "resize:64/center_crop:48/horizontal_flip/grayscale", rocket, True),
    ("luma_decode", "grayscale", gray_jpeg, True),
    ("luma_decode", "grayscale", cmyk_jpeg, False),
    ("luma_decode", "grayscale", png, False),
    ("luma_decode", "resize:64", rocket, False),
    ("luma_decode", "pad:1/grayscale", rocket, False),
    ("luma_decode", "normalize:imagenet/grayscale", rocket, False),
    ("luma_decode", "to_dtype:float32,scale=true/grayscale", rocket, False),
    ("affine_into_resample", "resize:64/normalize:imagenet", rocket, True),
    ("affine_into_resample", "resize:64,antialias=false/normalize:imagenet", rocket, True),
    ("affine_into_resample", "resize:64,interpolation=nearest/normalize:imagenet", rocket, False),
    ("affine_into_resample", "normalize:imagenet/resize:64", rocket, False),
    ("affine_into_resample", "resize:64/pad:1/normalize:imagenet", rocket, False),
    ("scaled_decode", "resize:49", gray_jpeg, True),
    ("scaled_decode", "resize:50,interpolation=lanczos", gray_jpeg, True),
    ("scaled_decode", "grayscale/resize:50", even, False),  # luma_decode has to come first
    ("scaled_decode", "resize:50", even, False),
    ("scaled_decode", "resize:50", cmyk_jpeg, False),
    ("scaled_decode", "resize:50", png, False),
    ("scaled_decode_420", "resize:70,106", even, True),  # it is 212 × 320 at one half
    ("scaled_decode_420", "resize:71,106", even, False),  # 3 × 71 > 212
    ("scaled_decode", "resize:50,106", rocket, False),  # its last rows are half a block
    ("scaled_decode_420", "resize:50,antialias=false", even, False),
    ("scaled_decode_420", "resize:50,interpolation=nearest", even, False),
    ("scaled_decode", "crop:11,13,400,400/resize:50", rocket, True),
    ("scaled_decode", "crop:27,13,400,400/resize:50", rocket, False),
    ("scaled_decode", "crop:11,13,400,400/resize:31", rocket, False),  # too much of it is edge
    ("scaled_decode", "crop:11,13,400,400/resize:67", rocket, False),
    ("scaled_decode_420", "pad:1/resize:50", even, False),
    ("scaled_decode_420", "resize:50", gray_jpeg, False),
]


@pytest.mark.parametrize(("rule", "spec", "source", "fires"), FIRES)
def test_fires_where_it_may(rule: str, spec: str, source: Callable[[], bytes], fires: bool) -> None:
    draft, _ = drafted(Pipeline.parse(spec), source())
    assert (RULE[rule].apply(draft) is not None) == fires


def test_every_rule_is_tested() -> None:
    assert {rule for rule, *_ in FIRES} == set(RULE)
    for name in RULE:
        assert {fires for rule, *_, fires in FIRES if rule == name} == {True, False}


def test_exact_pipelines_allow_only_exact_rules() -> None:
    line = "grayscale/resize:50/center_crop:40"
    named = [rule.name for rule in Pipeline.parse(line).plan(even()).rewrites]
    assert set(named) == {
        "crop_into_resample",
        "luma_decode",
        "scaled_decode",
        "single_precision",
    }
    exact = Pipeline.parse(f"exact/{line}").plan(even()).rewrites
    assert [rule.name for rule in exact] == ["crop_into_resample"]


INTERPOLATIONS = st.sampled_from([*FILTERS, "nearest", "nearest_exact"])


@given(
    images(channels=(3,)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    INTERPOLATIONS,
    st.data(),
)
def test_crop_into_resample_is_exact(
    image: np.ndarray, size: tuple[int, int], interpolation: str, data: st.DataObject
) -> None:
    top, left = (data.draw(st.integers(0, side - 1)) for side in size)
    height, width = (
        data.draw(st.integers(1, s - o)) for s, o in zip(size, (top, left), strict=True)
    )
    resize = f"resize:{size[0]},{size[1]},interpolation={interpolation}"
    assume(image.shape[:2] != size)  # otherwise nothing is resampled
    one, other = both("crop_into_resample", f"{resize}/crop:{top},{left},{height},{width}", image)
    # Integers are summed exactly; the last bit of a float may depend on BLAS's blocks.
    atol = 0 if image.dtype.kind == "u" else 2e-3 if image.dtype == np.float16 else 1e-6
    np.testing.assert_allclose(other, one, rtol=0, atol=atol)


MOVES = ("resize:19,23", "center_crop:13", "crop:-2,3,9,30", "pad:2,3", "horizontal_flip")
SAMPLES = (
    "invert",
    "adjust_gamma:0.5",
    "grayscale",
    "vertical_flip",
    "to_dtype:uint8",
    "pad:3,padding_mode=edge",
    "resize:9",
)


@given(
    images(("uint8", "uint16"), channels=(3,)),
    st.lists(st.sampled_from([*MOVES, *SAMPLES]), min_size=1, max_size=6),
)
def test_all_moves_together_are_exact(image: np.ndarray, steps: list[str]) -> None:
    draft, content = drafted(Pipeline.parse("/".join(steps)), image)
    better, exact = draft, [rule for rule in RULES if rule.tolerance.startswith("exact")]
    for rule in exact * 3:
        while moved := rule.apply(better):
            better = moved
    np.testing.assert_array_equal(run(better, content), run(draft, content))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("shrinks", [0.7, 1.3, 2.2, 4, 9])
def test_single_precision_keeps_its_tolerance_on_photographs(
    name: str, interpolation: str, shrinks: float
) -> None:
    size = -int(-min(picture(name).size) // shrinks)
    spec = f"resize:{size},interpolation={interpolation}"
    one, other = both("single_precision", spec, np.asarray(picture(name)))
    assert np.abs(one - other).max() <= 1
    floats = [
        run(replace(draft, stages=(replace(draft.stages[0], dtype="float32"),)), content)
        for draft, content in _single_and_double(spec, np.asarray(picture(name)))
    ]
    assert psnr(*floats) >= 79


def _single_and_double(spec: str, image: np.ndarray) -> list[tuple[Draft, np.ndarray]]:
    draft, _ = drafted(Pipeline.parse(spec), image)
    single = RULE["single_precision"].apply(draft)
    assert single is not None
    return [(draft, image), (single, image)]


@given(images(("uint8", "uint16"), channels=(3,)), st.booleans())
def test_cast_into_affine_is_within_a_unit_in_the_last_place(
    image: np.ndarray, scale: bool
) -> None:
    cast = f"to_dtype:float32,scale={str(scale).lower()}"
    one, other = both("cast_into_affine", f"{cast}/normalize:0.4,0.5,0.6,std=0.2,0.3,0.4", image)
    np.testing.assert_allclose(other, one, rtol=3e-7, atol=3e-7 * np.abs(one).max())


@given(images(("uint8", "uint16"), channels=(3,)), st.sampled_from(FILTERS), st.booleans())
def test_affine_into_resample_is_within_half_a_level(
    image: np.ndarray, interpolation: str, antialias: bool
) -> None:
    """Also where bicubic and lanczos overshoot: the literal resize clips, and so must this."""
    resize = f"resize:25,26,interpolation={interpolation},antialias={str(antialias).lower()}"
    stark = np.where(image > np.median(image), np.iinfo(image.dtype).max, 0).astype(image.dtype)
    level = 1 / np.iinfo(image.dtype).max
    for pixels in (image, stark):
        one, other = both("affine_into_resample", f"{resize}/normalize:0,0,0,std=1,1,1", pixels)
        assert np.abs(one - other).max() <= 0.5 * level + 1e-6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", ["grayscale", "resize:224/grayscale", "resize:64/grayscale"])
def test_luma_decode_keeps_its_tolerance_on_photographs(name: str, steps: str) -> None:
    one, other = both("luma_decode", steps, photo(name))
    assert psnr(one, other) >= 55
    assert np.mean(np.abs(one - other) <= 1) >= 0.99


def test_luma_decode_of_gray_is_exact() -> None:
    np.testing.assert_array_equal(*both("luma_decode", "grayscale", gray_jpeg()))
