"""Rotate, Affine, Perspective, Erase, LetterBox: against their definitions, and what must not change."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import (
    Affine,
    Erase,
    HorizontalFlip,
    ImageSpec,
    IncompatibleSource,
    LetterBox,
    Npy,
    Pipeline,
    Rotate,
    SpecError,
    Transform,
    VerticalFlip,
)
from preprocessing.kernels.image.geometry import warp as kernel
from preprocessing.kernels.image.geometry.projective import Corners, perspective
from preprocessing.kernels.image.geometry.warp import Matrix, WarpInterpolation, warp

from ...strategies import images
from ...strategies.warp import TRANSFORMS, corners

MODES: tuple[WarpInterpolation, ...] = ("nearest", "bilinear")
PIXELS = (np.arange(31 * 42 * 3) * 7919 % 251).astype(np.uint8).reshape(31, 42, 3)
_slope = st.floats(-2, 2)
matrices = st.tuples(
    _slope, _slope, st.floats(-9, 20), _slope, _slope, st.floats(-9, 20),
    st.sampled_from((0.0, 0.01, -0.03)), st.sampled_from((0.0, 0.02)), st.just(1.0),
)  # fmt: skip


def apply(step: Transform, image: np.ndarray) -> np.ndarray:
    return Pipeline([step], encode=Npy("hwc"))(image).reshape(-1, image.shape[1], image.shape[2])


def hwc(*steps: Transform) -> Pipeline:
    return Pipeline(steps, encode=Npy("hwc"))


def by_definition(
    image: np.ndarray, matrix: Matrix, x: int, y: int, mode: str, fill: float
) -> tuple[np.ndarray, bool]:
    """One pixel in float64, and whether it comes from halfway between two, where rounding is free."""
    height, width, channels = image.shape
    u, v, w = (matrix[i] * x + matrix[i + 1] * y + matrix[i + 2] for i in (0, 3, 6))
    u, v = u / w, v / w
    near_tie = min(abs(u % 1 - 0.5), abs(v % 1 - 0.5)) < 1e-9
    total, inside = np.zeros(channels), 0.0
    for i in range(height):
        for j in range(width):
            if mode == "nearest":
                weight = float(round(v) == i and round(u) == j)
            else:
                weight = max(1 - abs(v - i), 0) * max(1 - abs(u - j), 0)
            total += weight * image[i, j]
            inside += weight
    return (total - fill) * inside + fill, near_tie


@given(
    images(longest=7, channels=(1, 2, 3, 4)), matrices, st.sampled_from(MODES), st.integers(0, 99)
)
def test_warp_is_its_definition(
    image: np.ndarray, matrix: Matrix, mode: WarpInterpolation, fill: int
) -> None:
    value = float(fill) if image.dtype.kind == "u" else fill / 99
    result = warp(image, matrix, (4, 5), mode, (value,))
    assert (result.shape, result.dtype) == ((4, 5, image.shape[2]), image.dtype)
    largest = max(float(image.max()), value, 1e-3)
    slack = {"uint8": 0.5, "uint16": 0.5, "float16": 2.0**-11 * largest, "float32": 0.0}
    for y in range(4):
        for x in range(5):
            expected, near_tie = by_definition(image, matrix, x, y, mode, value)
            if mode == "bilinear" or not near_tie:
                distance = np.abs(result[y, x].astype(np.float64) - expected).max()
                assert distance <= slack[image.dtype.name] + 1e-6 * largest


@given(images(longest=20, channels=(1, 3)), st.sampled_from([1, 40, 10**6]))
def test_blocks_do_not_show(image: np.ndarray, pixels: int) -> None:
    matrix = (0.8, 0.3, 1.0, -0.2, 1.1, 0.5, 0.001, 0.002, 1.0)
    for mode in MODES:
        whole = warp(image, matrix, (17, 19), mode, (0.0,))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "_BLOCK_PIXELS", pixels)
            np.testing.assert_array_equal(warp(image, matrix, (17, 19), mode, (0.0,)), whole)


@given(images(), st.sampled_from(MODES), st.floats(-9, 9))
def test_doing_nothing_changes_nothing(
    image: np.ndarray, mode: WarpInterpolation, fill: float
) -> None:
    height, width, _ = image.shape
    steps: list[Transform] = [Affine(0.0, interpolation=mode, fill=fill), Rotate(360.0, mode)]
    if min(height, width) > 1:
        points = f"0,0,{width - 1},0,{width - 1},{height - 1},0,{height - 1}"
        steps += Pipeline.parse(f"perspective:{points},endpoints={points}").steps
    for step in steps:
        np.testing.assert_array_equal(apply(step, image), image)


@given(images(), st.integers(-8, 8), st.booleans())
def test_quarter_turns_are_exact(image: np.ndarray, turns: int, expand: bool) -> None:
    assume(expand or turns % 2 == 0 or image.shape[0] == image.shape[1])
    result = hwc(Rotate(90.0 * turns, "bilinear", expand))(image)
    np.testing.assert_array_equal(result, hwc()(np.rot90(image, turns)))


def test_half_a_turn_is_two_flips_to_the_planner() -> None:
    plan = Pipeline.parse("resize:9,8/rotate:180").plan(PIXELS)
    assert (
        plan.stages
        == Pipeline([*Pipeline.parse("resize:9,8").steps, HorizontalFlip(), VerticalFlip()])
        .plan(PIXELS)
        .stages
    )


@given(images(), st.integers(-9, 9), st.integers(-9, 9), st.sampled_from(MODES))
def test_whole_pixels_are_moved_whole(
    image: np.ndarray, x: int, y: int, mode: WarpInterpolation
) -> None:
    height, width, _ = image.shape
    padded = np.pad(image, ((9, 9), (9, 9), (0, 0)), constant_values=1)
    expected = padded[9 - y : 9 - y + height, 9 - x : 9 - x + width]
    moved = apply(Affine(0.0, (float(x), float(y)), interpolation=mode, fill=1.0), image)
    np.testing.assert_array_equal(moved, expected)


@given(st.floats(-400, 400), st.integers(1, 60), st.integers(1, 60))
def test_an_expanded_image_holds_all_and_little_more(angle: float, height: int, width: int) -> None:
    result = Rotate(angle, expand=True).infer(ImageSpec(height, width, 1, "uint8"))
    assert result.height and result.width
    c, s = abs(np.cos(np.radians(angle))), abs(np.sin(np.radians(angle)))
    for side, needed in ((result.height, height * c + width * s),
                         (result.width, width * c + height * s)):  # fmt: skip
        assert needed - 2.1e-4 <= side <= needed + 2


@given(corners, corners)
def test_perspective_brings_each_point_to_its_place(start: Corners, end: Corners) -> None:
    matrix = perspective(start, end)
    assume(matrix is not None)
    assert matrix is not None
    back = perspective(end, start)
    assert back is not None
    for i in range(0, 8, 2):
        for m, a, b in ((matrix, end, start), (back, start, end)):
            # Points are corners of pixels, and places are counted from the middle of the first.
            x, y = Fraction(a[i]) - Fraction(1, 2), Fraction(a[i + 1]) - Fraction(1, 2)
            exact = [Fraction(value) for value in m]
            u, v, w = (exact[k] * x + exact[k + 1] * y + exact[k + 2] for k in (0, 3, 6))
            size = max(abs(exact[6] * x), abs(exact[7] * y), abs(exact[8]))
            if abs(w) > size / 10**6:  # else the point is next to the horizon
                assert abs(u / w + Fraction(1, 2) - b[i]) < Fraction(1, 10**6)
                assert abs(v / w + Fraction(1, 2) - b[i + 1]) < Fraction(1, 10**6)


def test_the_horizon_is_outside() -> None:
    """A row whose places are infinite is filled, in silence: warnings are errors here."""
    matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, -2.0)
    for mode in MODES:
        assert (warp(PIXELS, matrix, (3, 4), mode, (9.0,))[2] == [[9] * 3] * 4).all()


@pytest.mark.parametrize("mode", MODES)
def test_fill(mode: WarpInterpolation) -> None:
    away = (1.0, 0.0, 1e6, 0.0, 1.0, -1e300, 0.0, 0.0, 1.0)
    for image, fill, expected in (
        (PIXELS, (1.4, 300.0, -7.0), [1, 255, 0]),
        (PIXELS, (2.5,), [2, 2, 2]),
        (PIXELS.astype(np.float16), (1e9,), [65504] * 3),
        (PIXELS.astype(np.float32), (1e300, 0.5, -2.0), [np.finfo("f4").max, 0.5, -2]),
    ):
        result = warp(image, away, (2, 2), mode, fill)
        np.testing.assert_array_equal(result, np.broadcast_to(expected, (2, 2, 3)))


def test_bytes_are_the_same_everywhere() -> None:
    """To the bit, on any processor; of a picture that no decoder made."""
    digest = hashlib.sha256()
    for spec in ("rotate:17,interpolation=bilinear,expand=true", "affine:-50,scale=0.7,shear=9,4",
                 "to_dtype:float32,scale=true/affine:200,shear=0,-30,interpolation=bilinear,fill=0.5",
                 "perspective:0,0,41,0,41,30,0,30,endpoints=3,2,37,5,40,28,1,30"):  # fmt: skip
        digest.update(Pipeline.parse(f"{spec}/raw").encode(PIXELS).body)
    assert digest.hexdigest()[:16] == "23b885385c96d580"


@pytest.mark.parametrize(
    "spec",
    [
        "rotate:1e9", "rotate:5,center=1e6,0", "affine:0,scale=0", "affine:0,scale=-1",
        "affine:0,shear=90,0", "affine:0,translate=1e6,0", "perspective:0,0,1,0,1,1,0,1",
        "perspective:0,0,1,0,1,1,0,1,endpoints=0,0,1,1,2,2,0,1",
        "perspective:0,0,1,0,1,1,0,99999,endpoints=0,0,1,0,1,1,0,1",
        "erase:-1,0,1,1", "erase:0,0,0,1", "erase:0,0,1,1,value=1,2", "letter_box:0",
    ],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(spec: str) -> None:
    with pytest.raises(SpecError, match=f"step 1 '{spec.partition(':')[0]}'"):
        Pipeline.parse(spec)


@given(st.sampled_from(("rotate", "affine", "perspective", "erase")).flatmap(TRANSFORMS.get))
def test_one_value_a_channel(step) -> None:
    fill = step.value if isinstance(step, Erase) else step.fill
    if isinstance(fill, tuple):
        step.infer(ImageSpec(4, 4, 3, "uint8"))
        with pytest.raises(IncompatibleSource, match="3 values, but the image has 4"):
            step.infer(ImageSpec(4, 4, 4, "uint8"))


@given(images(), TRANSFORMS["erase"])
def test_erase_changes_its_rectangle_only(image: np.ndarray, step) -> None:
    assume(image.shape[2] == 3 or not isinstance(step.value, tuple))
    result = apply(step, image)
    box = np.zeros(image.shape[:2], bool)
    box[step.top : step.top + step.height, step.left : step.left + step.width] = True
    np.testing.assert_array_equal(result[~box], image[~box])
    largest = 1e9 if image.dtype.kind == "f" else np.iinfo(image.dtype).max
    lowest = -1e9 if image.dtype.kind == "f" else 0
    expected = np.clip(step.value, lowest, largest).astype(image.dtype)
    np.testing.assert_array_equal(result[box], np.broadcast_to(expected, result[box].shape))


@given(TRANSFORMS["letter_box"], images())
def test_letter_box_is_a_resize_and_a_border(step: LetterBox, image: np.ndarray) -> None:
    """The sizes by ultralytics' own lines, the samples by our own steps."""
    shape, new_shape = image.shape[:2], np.broadcast_to(step.size, 2)
    r = min(new_shape[0] / shape[0], new_shape[1] / shape[1])
    if not step.scaleup:
        r = min(r, 1.0)
    new_unpad = round(shape[1] * r), round(shape[0] * r)
    assume(min(new_unpad) > 0)
    dw, dh = (new_shape[1] - new_unpad[0]) / 2, (new_shape[0] - new_unpad[1]) / 2
    top, bottom, left, right = round(dh - 0.1), round(dh + 0.1), round(dw - 0.1), round(dw + 0.1)
    antialias = str(step.antialias).lower()
    by_steps = Pipeline.parse(
        f"resize:{new_unpad[1]},{new_unpad[0]},interpolation={step.interpolation},"
        f"antialias={antialias}/pad:{left},{top},{right},{bottom},fill={step.fill}/npy:hwc"
    )
    np.testing.assert_array_equal(hwc(step)(image), by_steps(image))


def test_a_strip_in_a_letter_box_keeps_one_row() -> None:
    result = Pipeline([LetterBox(10)])(np.full((1, 1000), 200, np.uint8))
    assert (result == 200).sum() == 10
    assert (result == 114).sum() == 90
