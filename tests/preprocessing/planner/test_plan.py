"""A plan is the pipeline: the same result, and what was foretold of it is true."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import (
    ImageSpec,
    IncompatibleSource,
    Limits,
    Npy,
    Pipeline,
    Transform,
)
from preprocessing.planner.execute import execute
from preprocessing.planner.lowering import resolve_random
from preprocessing.planner.plan import allowed_rules, build
from preprocessing.planner.stages import (
    Cast,
    Given,
    KernelStage,
    Luma,
    ResampleStage,
    ScaleShift,
    Stage,
)
from preprocessing.rng import Draws
from tests.photos import NAMES, photo, picture

from ..strategies import can_take, images, pipelines, transforms

DRAWS = Draws(b"one of many")


def spec_of(image: np.ndarray) -> ImageSpec:
    return ImageSpec(*image.shape, image.dtype.name)  # type: ignore[arg-type]


def lowered(steps: list[Transform], start: ImageSpec) -> list[Stage]:
    """The stages that do each step as it is written, nothing rewritten."""
    stages: list[Stage] = []
    spec = start
    for index, step in enumerate(steps, 1):
        for fixed, after in resolve_random(step, spec, DRAWS.fork(index)):
            stages += fixed.lower(spec)
            spec = after
    return stages


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Transform], np.ndarray]:
    """An image and steps that can take it, so that every example tests something."""
    image = draw(images(channels=(1, 2, 3, 4)))
    steps: list[Transform] = []
    spec = spec_of(image)
    for step in draw(st.lists(transforms, max_size=6)):
        after = spec
        try:
            for _, after in resolve_random(step, spec, DRAWS.fork(len(steps) + 1)):
                assert after.height and after.width
        except IncompatibleSource:
            continue
        if after.height * after.width < 100_000:
            steps, spec = [*steps, step], after
    return steps, image


@given(cases())
def test_infer_and_output_and_the_array_agree(case: tuple[list[Transform], np.ndarray]) -> None:
    """Three accounts of one result: the step's, its stages', and the pixels."""
    steps, image = case
    spec = spec_of(image)
    for index, step in enumerate(steps, 1):
        told = step.infer(spec)
        for fixed, after in resolve_random(step, spec, DRAWS.fork(index)):
            for stage in fixed.lower(spec):
                spec = stage.output(spec)
                image = stage.apply(image)
                assert spec_of(image) == spec, stage
            assert spec == after, fixed
        for field in ("height", "width", "channels", "dtype"):
            assert getattr(told, field) in (None, getattr(spec, field)), step


@given(cases())
def test_planned_equals_literal(case: tuple[list[Transform], np.ndarray]) -> None:
    """Exactly where nothing was rewritten, else within what the rules allow."""
    steps, image = case
    expected, slack = image, 0.0
    for stage in lowered(steps, spec_of(image)):
        before, expected = expected, stage.apply(expected)
        slack = _spread(stage, before, expected, slack)
    rules = allowed_rules(exact=False)
    plan = build(steps, Npy(), Given(spec_of(image)), Limits(), rules=rules, draws=DRAWS)
    result = execute(plan, image)
    assert spec_of(result) == plan.output
    distance = np.abs(result.astype(np.float64) - expected.astype(np.float64)).max()
    assert distance <= (slack if plan.rewrites else 0.0), str(plan)


def _spread(stage: Stage, before: np.ndarray, after: np.ndarray, slack: float) -> float:
    """How far the result may be from the literal one, if the image before it was `slack` away."""
    largest = float(np.abs(after.astype(np.float64)).max())
    rounding = {"u": 1.0 if slack else 0.0}.get(
        after.dtype.kind, 2.0 ** -(10 if after.itemsize == 2 else 20) * largest
    )
    if isinstance(stage, KernelStage) and slack:
        return np.inf  # it may look for an edge, or spread a histogram: no bound holds
    if isinstance(stage, ResampleStage) and stage.linear:
        # 3: what lanczos may gain in two passes. The half: rounding that a rule may leave out.
        return 3 * slack + (0.5 if after.dtype.kind == "u" else rounding) + _single(stage, before)
    if isinstance(stage, ScaleShift):
        return slack * max(map(abs, stage.scale)) + rounding
    if isinstance(stage, Cast):
        tops = [np.iinfo(a.dtype).max if a.dtype.kind == "u" else 1.0 for a in (before, after)]
        return slack * (tops[1] / tops[0] if stage.scale else 1.0) * 1.01 + rounding
    return slack + (rounding if isinstance(stage, Luma) else 0.0)


def _single(stage: ResampleStage, before: np.ndarray) -> float:
    """What weights of ten places may cost at worst: each off by one, all samples stark."""
    if before.dtype != np.uint8:
        return 0.0
    scales = [length / size for length, size in zip(stage.box[2:], stage.size, strict=True)]
    taps = [min(before.shape[i], 6 * max(scales[i], 1.0) + 1) for i in (0, 1)]
    return 1.0 + 255 * 1.5 * max(taps) * 2.0**-10


@given(pipelines(), images(("uint8",), channels=(3,)))
def test_output_predicts_the_result(p: Pipeline, image: np.ndarray) -> None:
    """A size that `output` knows without the source is the result's; it is None only if unknown."""
    assume(can_take(p, spec_of(image)))
    array, encoded = p(image), p.encode(image)
    assert len(p.output.shape) == array.ndim
    assert all(told in (None, real) for told, real in zip(p.output.shape, array.shape, strict=True))
    assert p.output.dtype == array.dtype == encoded.metadata["dtype"]
    assert p.output.nbytes in (None, len(encoded.body))
    assert p.output.content_type == encoded.content_type
    assert encoded.metadata["shape"] == ",".join(map(str, array.shape))
    assert encoded.metadata["fingerprint"] == p.fingerprint
    assert encoded.metadata["pipeline"] == str(p)


@pytest.mark.parametrize("encoding", ["npy", "safetensors", "raw", "npy:hwc"])
@pytest.mark.parametrize(
    "steps", ["center_crop:9", "resize:7,8/normalize:clip", "crop:0,0,5,4/grayscale"]
)
def test_size_is_known_before_the_object_is_read(steps: str, encoding: str) -> None:
    p = Pipeline.parse(f"{steps}/{encoding}")
    assert None not in p.output.shape
    assert p.output.nbytes == len(p.encode(photo("chelsea")).body)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "steps", ["resize:60/center_crop:48/normalize:imagenet", "grayscale/resize:64"]
)
def test_a_photograph_planned_is_near_the_literal_one(name: str, steps: str) -> None:
    data = photo(name)
    pixels = Pipeline([])(data).transpose(1, 2, 0)
    image = pixels
    p = Pipeline.parse(steps)
    for stage in lowered(list(p.steps), spec_of(pixels)):
        image = stage.apply(image)
    error = p(data).transpose(1, 2, 0).astype(np.float64) - image
    assert np.sqrt(np.mean(error**2)) <= 10 ** (-51 / 20) * (
        255 if image.dtype == np.uint8 else 4.4
    )


def test_a_plan_reads_like_what_it_does() -> None:
    stream = io.BytesIO()
    picture("retina").crop((0, 0, 1408, 1408)).save(stream, "JPEG")
    text = str(Pipeline.parse("grayscale/resize:100/npy").plan(stream.getvalue()))
    for words in (
        "Decode(jpeg 1408×1408 YCbCr, 2/8, luma)", "352×352×1 uint8", "Resample(", "(100, 100)",
                  "100×100×1 uint8, 10,000 bytes", "application/x-npy, 10,128 bytes",
                  "rewrite luma_decode: ", "rewrite scaled_decode: "):  # fmt: skip
        assert words in text, text
    assert str(Pipeline([]).plan(np.zeros((3, 2), np.uint8))).startswith(
        "Array\n    -> 3×2×1 uint8, 6 bytes"
    )


def test_a_plan_shows_how_long_a_table_is_and_not_what_is_in_it() -> None:
    plan = Pipeline.parse("adjust_brightness:1.5/npy").plan(np.zeros((3, 2, 3), np.uint8))
    assert "apply_table(256 bytes)\n" in str(plan)


def test_a_plan_reads_only_the_header() -> None:
    data = photo("rocket")
    assert Pipeline.parse("resize:9").plan(data[:20_000]) == Pipeline.parse("resize:9").plan(data)


def test_picture_and_photo_are_the_same_scene() -> None:
    for name in NAMES:
        small = Pipeline.parse("exact/resize:8,8/npy:hwc")
        assert np.abs(small(photo(name)).astype(int) - small(np.asarray(picture(name)))).max() <= 3
