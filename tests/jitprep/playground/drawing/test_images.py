"""Pictures of images of any type: pixels are those of the values, and what was changed is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jitprep.playground.desk import Asset, Desk
from jitprep.playground.drawing.images import draw_image, draw_index, draw_views, overlay_frame
from jitprep.playground.drawing.view import Frame
from preprocessing import Normalize
from preprocessing.preview.images import mask_colours


def put(desk: Desk, frame: Frame) -> tuple[np.ndarray, Asset]:
    asset = desk.get(frame.asset)
    assert asset is not None
    pixels = np.frombuffer(asset.body, np.uint8).reshape(asset.height, asset.width, 4)
    return pixels, asset


IMAGES = st.sampled_from(["u1", "u2", "f2", "f4"]).flatmap(
    lambda dtype: hnp.arrays(
        dtype, st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
    )
)


@given(IMAGES)
def test_any_image_is_drawn(image: np.ndarray) -> None:
    desk = Desk()
    view = draw_image(desk, image)
    (frame,) = view.frames
    pixels, asset = put(desk, frame)
    assert (frame.height, frame.width) == pixels.shape[:2] == image.shape[:2]
    assert asset.array is image
    assert (pixels[:, :, 3] == 255).all()
    assert view.caption == f"image {'×'.join(map(str, image.shape))} {image.dtype}"
    if image.dtype == np.uint8:
        shown = image if image.shape[2] in (1, 3) else image[:, :, :1]
        np.testing.assert_array_equal(
            pixels[:, :, :3], np.broadcast_to(shown, (*image.shape[:2], 3))
        )
    assert ("channels" in view.how) == (image.shape[2] not in (1, 3))
    if image.dtype.kind == "f":
        assert ("NaN" in view.how) == bool(np.isnan(image).any() and "NaN" in view.how)


@given(hnp.arrays("u1", (4, 5, 3)))
def test_a_normalisation_is_undone(image: np.ndarray) -> None:
    step = Normalize((0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    mean, std = (np.array(of, np.float32) for of in step.constants)
    normalized = (image / np.float32(255) - mean) / std
    desk = Desk()
    view = draw_image(desk, normalized, [step])
    pixels, _ = put(desk, view.frames[0])
    assert np.abs(pixels[:, :, :3].astype(int) - image).max() <= 1
    assert view.how == "normalisation undone"


def test_floats_of_another_range_are_stretched() -> None:
    desk = Desk()
    image = np.linspace(-100, 300, 24, dtype=np.float32).reshape(2, 4, 3)
    view = draw_image(desk, image)
    pixels, _ = put(desk, view.frames[0])
    assert pixels[:, :, :3].min() == 0
    assert pixels[:, :, :3].max() == 255
    assert view.how == "-100 to 300 shown as black to white"


def test_an_overshoot_is_clipped_and_what_is_not_finite_is_counted() -> None:
    desk = Desk()
    image = np.array([[[1.2], [-0.2], [np.nan], [np.inf]]], np.float32)
    view = draw_image(desk, image)
    pixels, _ = put(desk, view.frames[0])
    assert pixels[0, :, 0].tolist() == [255, 0, 0, 255]
    assert "clipped" in view.how
    assert "NaN" in view.how
    assert view.more == {"nan": 1, "infinite": 1}


@pytest.mark.parametrize(
    ("height", "width", "step"), [(2000, 2000, 1), (2001, 2001, 2), (3, 12_000_000, 3)]
)
def test_a_large_image_is_shown_by_some_of_its_pixels(height: int, width: int, step: int) -> None:
    desk = Desk()
    image = np.random.default_rng(0).integers(0, 256, (height, width, 1), np.uint8)
    view = draw_image(desk, image)
    (frame,) = view.frames
    pixels, asset = put(desk, frame)
    assert asset.array is image
    assert (frame.height, frame.width) == (height, width)
    assert frame.scale == pytest.approx(1 / step, rel=0.001)
    assert asset.width * asset.height <= 4_000_000
    np.testing.assert_array_equal(pixels[:, :, 0], image[step // 2 :: step, step // 2 :: step, 0])


@given(hnp.arrays(st.sampled_from(["u1", "u2"]), (3, 4, 1)))
def test_masks_have_the_colours_of_their_classes(ids: np.ndarray) -> None:
    desk = Desk()
    pixels, asset = put(desk, draw_index(desk, ids).frames[0])
    np.testing.assert_array_equal(pixels[:, :, :3], mask_colours(ids[:, :, 0]))
    assert asset.array is ids
    over, asset = put(desk, overlay_frame(desk, ids[:, :, 0]))
    np.testing.assert_array_equal(over[:, :, :3], pixels[:, :, :3])
    np.testing.assert_array_equal(over[:, :, 3] == 0, ids[:, :, 0] == 0)
    assert (over[:, :, 3] < 255).all()


def test_a_picture_keeps_no_more_memory_than_it_counts() -> None:
    """A view of an array would keep the whole of it: the desk would hold more than its limit."""
    desk = Desk()
    drawn = draw_views(desk, np.zeros((100, 20, 30, 3), np.uint8))
    drawn_gray = draw_image(desk, np.zeros((20, 30, 3), np.uint8)[:, :, :1])
    for frame in (*drawn.frames, *drawn_gray.frames):
        asset = desk.get(frame.asset)
        assert asset is not None
        assert asset.array is not None
        held = asset.array if asset.array.base is None else asset.array.base
        assert held.nbytes == asset.array.nbytes
    whole = np.zeros((20, 30, 3), np.uint8)
    asset = desk.get(draw_image(desk, whole).frames[0].asset)
    assert asset is not None
    assert asset.array is whole
