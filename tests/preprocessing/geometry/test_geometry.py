"""`Geometry`: its spelling, its inverse, and what it makes of points, boxes and masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from preprocessing import (
    Crop,
    Geometry,
    HorizontalFlip,
    Npy,
    Pad,
    Pipeline,
    PreprocessingError,
    Resize,
    VerticalFlip,
)
from preprocessing.geometry.boxes import VisibleArea
from preprocessing.geometry.matrices import IDENTITY, compose, inverse_of

from ..strategies import images, pipelines

numbers = st.floats(-1e6, 1e6) | st.floats(allow_nan=False, allow_infinity=False)
sides = st.integers(1, 99_999)
matrices, sizes = st.tuples(*[numbers] * 9), st.tuples(sides, sides)
areas = st.lists(st.builds(VisibleArea, matrices, sizes), max_size=3).map(tuple)
geometries = st.builds(Geometry, matrices, sizes, sizes, st.integers(1, 8), areas)
RESIZES = st.builds(
    Resize, st.tuples(st.integers(1, 40), st.integers(1, 40)), st.just("nearest_exact")
)
SHIFTS = st.one_of(
    st.builds(Crop, *[st.integers(-5, 30)] * 2, *[st.integers(1, 30)] * 2),
    st.builds(Pad, st.tuples(*[st.integers(0, 9)] * 4)),
)
FLIPS = st.sampled_from((HorizontalFlip(), VerticalFlip()))
TILTED = Pipeline.parse("perspective:0,0,39,0,39,39,0,39,endpoints=9,3,30,5,35,39,2,30")


@given(geometries)
def test_a_geometry_is_parsed_as_it_was_written(geometry: Geometry) -> None:
    assert Geometry.parse(str(geometry)) == geometry
    assert str(geometry).isascii()
    assert " " not in str(geometry)


@given(st.text() | st.from_regex(r"[\d,;.e-]{1,60}"))
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="geometry"):
        Geometry.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "1,0,0,0,1,0,0,0,1;9,9;9,9;0",
        "1,0,0,0,1,0,0,0,1;9,9;0,9;1",
        "1,0,0,0,1,0,0,0;9,9;9,9;1",
        "1e999,0,0,0,1,0,0,0,1;9,9;9,9;1",
        "nan,0,0,0,1,0,0,0,1;9,9;9,9;1",
        "1,0,0,0,1,0,0,0,1;9,9;9,9;1\n",
        "1,0,0,0,1,0,0,0,1;٩,9;9,9;1",
    ],
)
def test_what_is_nearly_a_geometry_is_refused_too(text: str) -> None:
    with pytest.raises(ValueError, match="geometry"):
        Geometry.parse(text)


@given(pipelines(), images())
def test_the_way_back_is_the_inverse(pipeline: Pipeline, image: np.ndarray) -> None:
    try:
        geometry = pipeline.geometry(image)
        back = geometry.inverse
    except (PreprocessingError, ValueError):  # other tests say what is refused
        assume(False)
        raise
    assert (back.source, back.result) == (geometry.result, geometry.source)
    condition = np.linalg.cond(geometry.matrix)
    assume(condition < 1e9)
    whole = back.matrix @ geometry.matrix
    np.testing.assert_allclose(whole / whole[2, 2], np.eye(3), atol=1e-14 * condition * 1e2)


def test_a_matrix_without_an_inverse_says_so() -> None:
    flat = Geometry((1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0), (4, 4), (4, 4))
    assert inverse_of(flat.coefficients) is None
    with pytest.raises(ValueError, match="line or a point"):
        flat.mask(np.zeros((4, 4), np.uint8))


@given(
    st.lists(SHIFTS, max_size=2),
    st.lists(SHIFTS | FLIPS, max_size=3),
    RESIZES,
    images(("uint8",), channels=(1,)),
)
def test_a_mask_moves_as_an_image_whose_pixels_are_taken(
    before: list[Crop], after: list[Crop], resize: Resize, image: np.ndarray
) -> None:
    """Of two resizes, the second takes pixels of the first; a mask comes from the source at once.

    A place between two pixels is in the one to its right, which a flip before the resize would change.
    """
    pipeline = Pipeline([*before, resize, *after], Npy("hwc"))
    geometry = pipeline.geometry(image)
    expected = pipeline(image).reshape(geometry.result)
    mask = image[:, :, 0]
    np.testing.assert_array_equal(geometry.mask(mask), expected)


@given(
    arrays.arrays(
        st.sampled_from(("bool", "int8", "uint8", "int16", "uint16", "int32", "int64", "float32")),
        st.tuples(st.integers(1, 3), st.just(40), st.just(40)),
        elements={"min_value": 0, "max_value": 1},
    )
)
def test_many_masks_are_each_moved_alone(masks: np.ndarray) -> None:
    geometry = TILTED.geometry(np.zeros((40, 40), np.uint8))
    moved = geometry.mask(masks, fill=1)
    assert (moved.dtype, moved.shape) == (masks.dtype, masks.shape)
    for mask, one in zip(masks, moved, strict=True):
        np.testing.assert_array_equal(geometry.mask(mask, fill=1), one)


def test_a_soft_mask_is_blended_as_the_image_is() -> None:
    soft = np.random.default_rng(1).random((40, 40), np.float32)
    moved = TILTED.geometry(soft).mask(soft, "bilinear")
    np.testing.assert_allclose(moved, TILTED(soft[:, :, None])[0], atol=1e-5)


@pytest.mark.parametrize(
    ("mask", "given", "match"),
    [
        (np.zeros((39, 40), np.uint8), {}, "39×40"),
        (np.zeros((40, 40, 3), np.uint8), {}, "40×3 pixels"),
        (np.zeros((1, 1, 40, 40), np.uint8), {}, r"\(N, H, W\)"),
        (np.zeros((40, 40), object), {}, "numbers"),
        (np.zeros((40, 40), np.uint8), {"fill": 0.5}, "cannot hold"),
        (np.zeros((40, 40), np.uint8), {"fill": 255.5}, "cannot hold"),
        (np.zeros((40, 40), np.uint8), {"fill": 256}, "cannot hold"),
        (np.zeros((40, 40), np.uint8), {"fill": -1}, "cannot hold"),
        (np.zeros((40, 40), np.uint8), {"interpolation": "bilinear"}, "nearest"),
        (np.zeros((40, 40), np.uint8), {"interpolation": "cubic"}, "nearest or bilinear"),
    ],
)
def test_masks_that_do_not_fit_are_refused(mask: np.ndarray, given: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Geometry(IDENTITY, (40, 40), (40, 40)).mask(mask, **given)


def test_boxes_that_hardly_remain_are_flagged() -> None:
    geometry = Pipeline.parse("center_crop:20").geometry(np.zeros((40, 40), np.uint8))
    boxes = [[0, 0, 12, 12], [0, 0, 10, 40], [0, 0, 10.5, 40], [20, 20, 18, 30], [0, 0, 40, 40]]
    moved, keep = geometry.boxes(boxes)
    assert keep.tolist() == [True, False, False, False, True]
    assert moved[4].tolist() == [0, 0, 20, 20]
    assert geometry.boxes(boxes, min_size=0.5, min_area=0)[1].tolist() == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert geometry.boxes(boxes, min_area=5)[1].tolist() == [False, False, False, False, True]


@given(
    arrays.arrays(np.float64, (7, 4), elements=st.floats(-50, 90)),
    st.sampled_from(("xywh", "cxcywh")),
)
def test_formats_of_boxes_mean_the_same(boxes: np.ndarray, format_: str) -> None:
    geometry = TILTED.geometry(np.zeros((40, 40), np.uint8))
    corners, keep = geometry.boxes(boxes)
    first, last = boxes[:, :2], boxes[:, 2:]
    place = first if format_ == "xywh" else (first + last) / 2
    other, kept = geometry.boxes(np.hstack([place, last - first]), format_)
    sides = corners[:, 2:] - corners[:, :2]
    near = corners[:, :2] if format_ == "xywh" else corners[:, :2] + sides / 2
    np.testing.assert_allclose(other, np.hstack([near, sides]), atol=1e-9)
    clear = (np.abs(sides - 1) > 1e-9).all(axis=1) & (np.abs(last - first) > 1e-9).all(axis=1)
    clear &= np.abs(sides.prod(axis=1) - 1) > 1e-9
    np.testing.assert_array_equal(keep[clear], kept[clear])


def test_a_box_that_the_horizon_crosses_is_flagged() -> None:
    horizon = Geometry((1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, -10.0), (40, 40), (40, 40))
    boxes, keep = horizon.boxes([[0, 0, 20, 20], [0, 12, 20, 20], [0, 10, 20, 20]])
    assert boxes[0].tolist() == [0, 0, 0, 0]
    assert keep.tolist() == [False, True, False]
    points, inside = horizon.points([[4, 10], [4, 12]])
    assert inside.tolist() == [False, True]
    assert not np.isfinite(points[0]).all()


@pytest.mark.parametrize("empty", [[], np.zeros((0, 4)), np.zeros((3, 0, 4))])
def test_no_boxes_and_no_points_are_fine(empty: object) -> None:
    geometry = Geometry(IDENTITY, (4, 4), (4, 4))
    boxes, keep = geometry.boxes(empty)
    assert boxes.shape[:-1] == keep.shape
    assert boxes.size == 0
    assert geometry.points([])[0].shape == (0, 2)


@pytest.mark.parametrize("wrong", [[1, 2, 3], [["a"] * 4], 5, np.zeros((2, 4), bool)])
def test_what_is_not_a_box_is_refused(wrong: object) -> None:
    geometry = Geometry(IDENTITY, (4, 4), (4, 4))
    with pytest.raises(ValueError, match="boxes must be numbers of shape"):
        geometry.boxes(wrong)
    with pytest.raises(ValueError, match="format"):
        geometry.boxes([[1, 2, 3, 4]], "yxyx")


@pytest.mark.parametrize(
    ("given", "result"),
    [("float16", "float32"), ("float32", "float32"), ("float64", "float64"), ("int64", "float64")],
)
def test_numbers_stay_as_precise_as_they_were(given: str, result: str) -> None:
    geometry = Geometry(IDENTITY, (4, 4), (4, 4))
    assert geometry.boxes(np.ones((1, 4), given))[0].dtype == result
    assert geometry.points(np.ones((1, 2), given))[0].dtype == result


@given(*[st.tuples(*[st.floats(-3, 3)] * 9)] * 2)
def test_matrices_are_multiplied_as_numpy_does(after: tuple, before: tuple) -> None:
    expected = np.reshape(after, (3, 3)) @ np.reshape(before, (3, 3))
    np.testing.assert_allclose(np.reshape(compose(after, before), (3, 3)), expected, atol=1e-12)


def test_what_a_crop_cut_off_stays_away() -> None:
    """A border after the crop has room for it, but does not show it."""
    geometry = Pipeline.parse("center_crop:20/pad:10").geometry(np.zeros((40, 40), np.uint8))
    assert geometry.areas == (VisibleArea((1, 0, -10, 0, 1, -10, 0, 0, 1), (20, 20)),)
    mask = geometry.mask(np.ones((40, 40), np.uint8), fill=9)
    assert (mask[10:30, 10:30] == 1).all()
    assert (mask == 1).sum() == 400
    boxes, keep = geometry.boxes([[0, 0, 15, 15], [0, 0, 9, 40]])
    assert boxes[0].tolist() == [10, 10, 15, 15]
    assert keep.tolist() == [True, False]
    assert geometry.points([[15, 15], [5, 15]])[1].tolist() == [True, False]
    back = geometry.inverse
    assert (back.mask(mask) == 1).sum() == 400
    assert back.points([[15, 15], [5, 15]])[1].tolist() == [True, False]
    later = Pipeline.parse("center_crop:20/pad:10/center_crop:16")
    assert later.geometry(np.zeros((40, 40), np.uint8)).areas == ()


def test_an_area_without_an_inverse_says_so() -> None:
    flat = VisibleArea((1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0), (4, 4))
    with pytest.raises(ValueError, match="area of the geometry has no inverse"):
        Geometry(IDENTITY, (4, 4), (4, 4), 1, (flat,)).boxes([[0, 0, 2, 2]])
