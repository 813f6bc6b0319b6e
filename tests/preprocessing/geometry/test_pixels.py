"""Pixels move as the geometry says: an image of coordinates goes through every step that moves them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from preprocessing import (
    HOG,
    TRANSFORMS,
    Affine,
    Canny,
    CenterCrop,
    Crop,
    Geometry,
    HorizontalFlip,
    ImageSpec,
    IncompatibleSource,
    LetterBox,
    Npy,
    Pad,
    Perspective,
    Pipeline,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    Rotate,
    Seed,
    SpecError,
    Transform,
    VerticalFlip,
)

from ..strategies import INTERPOLATIONS, TRANSFORMS_BY_NAME, can_take

sides = st.integers(24, 64)
sizes = sides | st.tuples(sides, sides)
seeds = st.builds(Seed, st.integers(0, 2**32), etag=st.just('"e"'))
angles = st.floats(-180, 180)
slopes = st.floats(-20, 20)
moves = st.floats(-8, 8)

# Steps whose result is of a size at which enough of the image is seen. Of each, how many pixels of the
# source along an axis a pixel of the result may depend on is what `_reach` says.
FIXED: dict[type[Transform], st.SearchStrategy[Transform]] = {
    Resize: st.builds(Resize, sizes, st.sampled_from(INTERPOLATIONS), antialias=st.booleans()),
    CenterCrop: st.builds(CenterCrop, sizes),
    Crop: st.builds(Crop, st.integers(-9, 9), st.integers(-9, 9), sides, sides),
    Pad: st.builds(Pad, st.tuples(*[st.integers(0, 9)] * 4)),
    LetterBox: st.builds(LetterBox, sizes, scaleup=st.booleans()),
    HorizontalFlip: st.just(HorizontalFlip()),
    VerticalFlip: st.just(VerticalFlip()),
    Rotate: st.builds(
        Rotate,
        angles | st.sampled_from((0.0, 90.0, 180.0, 270.0)),
        st.sampled_from(("nearest", "bilinear")),
        st.booleans(),
        st.none() | st.tuples(st.floats(0, 40), st.floats(0, 40)),
    ),
    Affine: st.builds(
        Affine,
        angles,
        st.tuples(moves, moves),
        st.floats(0.5, 2),
        st.tuples(slopes, slopes),
        st.sampled_from(("nearest", "bilinear")),
        center=st.none() | st.tuples(st.floats(0, 40), st.floats(0, 40)),
    ),
    Perspective: st.builds(
        Perspective,
        st.just((0, 0, 39, 0, 39, 39, 0, 39)),
        st.tuples(*[st.integers(-6, 6)] * 8).map(
            lambda by: tuple(a + b for a, b in zip((0, 0, 39, 0, 39, 39, 0, 39), by, strict=True))
        ),
        st.sampled_from(("nearest", "bilinear")),
    ),
}
MOVING: st.SearchStrategy[Transform] = st.one_of(
    st.builds(RandomResizedCrop, sizes, st.just((0.3, 1.0))),
    st.builds(RandomHorizontalFlip),
    st.builds(RandomVerticalFlip),
    st.builds(RandomRotation, st.just(180.0), st.just("bilinear"), st.booleans()),
    st.builds(
        RandomAffine,
        st.just(40.0),
        st.just((0.1, 0.1)),
        st.just((0.7, 1.5)),
        st.just((-15.0, 15.0, -15.0, 15.0)),
        st.just("bilinear"),
    ),
    st.builds(RandomPerspective, st.just(0.3), st.just(1.0)),
    st.builds(RandomCrop, st.integers(24, 32), pad_if_needed=st.just(True)),
    st.builds(Resize, sizes),
    st.builds(LetterBox, sizes, st.just(0.0)),
    st.builds(CenterCrop, sides),
    st.builds(Pad, st.integers(0, 9)),
)


def coordinates(height: int, width: int) -> np.ndarray:
    """Return an image whose first channels are x and y of each pixel's centre."""
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    return np.stack([x, y, x], axis=2)


def origins(geometry: Geometry) -> np.ndarray:
    """Return x and y in the source of each pixel of the result, (H, W, 2)."""
    height, width = geometry.result
    centres = np.moveaxis(np.mgrid[:height, :width], 0, -1)[..., ::-1] + 0.5
    return geometry.inverse.points(centres)[0]


def _reach(step: Transform, geometry: Geometry) -> tuple[float, float]:
    """Return the pixels of the source beyond which an edge does not matter, and the tolerance."""
    down = 1.0
    if isinstance(step, Resize | LetterBox):
        down = max(1.0, *(1 / abs(geometry.matrix[i, i]) for i in (0, 1)))
        if step.interpolation == "nearest":  # takes the upper left pixel: as PyTorch does
            return down, (down + 1) / 2 + 1e-3
    sharp = getattr(step, "interpolation", "bilinear").startswith("nearest")
    if sharp:
        return 3 * down + 1, 0.71
    # The weights of a widened filter are symmetric, but the pixels under it are not.
    return 3 * down + 1, 0.15 * down if isinstance(step, Resize | LetterBox) else 0.01


@pytest.mark.parametrize("kind", FIXED, ids=lambda kind: kind.name)
@given(data=st.data(), height=st.integers(28, 56), width=st.integers(28, 56))
def test_pixels_come_from_where_the_geometry_says(
    kind: type[Transform], data: st.DataObject, height: int, width: int
) -> None:
    step = data.draw(FIXED[kind])
    pipeline = Pipeline([step], Npy("hwc"), exact=True)
    image = coordinates(height, width)
    geometry = pipeline.geometry(image)
    result, wanted = pipeline(image), origins(geometry)
    assert result.shape[:2] == geometry.result
    assert geometry.source == (height, width)
    reach, tolerance = _reach(step, geometry)
    inside = ((wanted > reach) & (wanted < np.array([width, height]) - reach)).all(axis=-1)
    assume(inside.any())
    distance = np.abs(result[..., :2] - wanted)[inside].max()
    assert distance < tolerance, (step, distance)


def blob(height: int, width: int, x: float, y: float) -> np.ndarray:
    """Return a black image with a bright spot around a place."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    spot = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * 2.0**2))
    return np.repeat(spot[:, :, None], 3, axis=2).astype(np.float32)


@given(
    steps=st.lists(MOVING, min_size=1, max_size=4),
    size=st.tuples(st.integers(40, 64), st.integers(40, 64)),
    place=st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
    seed=seeds,
)
def test_a_spot_is_where_a_random_pipeline_moves_its_place(
    steps: list[Transform], size: tuple[int, int], place: tuple[float, float], seed: Seed
) -> None:
    pipeline = Pipeline(steps, Npy("hwc"), exact=True)
    y, x = place[0] * size[0], place[1] * size[1]
    image = blob(*size, x, y)
    geometry = pipeline.geometry(image, seed=seed)
    result = pipeline(image, seed=seed)[:, :, 0].astype(np.float64)
    assert result.shape == geometry.result
    # All of the spot must be seen, and it must not be spread where a perspective magnifies.
    (moved, right, below), _ = geometry.points([[x, y], [x + 1, y], [x, y + 1]])
    growth = abs(np.linalg.det(np.stack([right - moved, below - moved])))
    assume(0.1 < growth < 20)
    assume(abs(result.sum() / (growth * image[:, :, 0].sum()) - 1) < 0.02)
    rows, columns = np.mgrid[: result.shape[0], : result.shape[1]] + 0.5
    found = [(result * axis).sum() / result.sum() for axis in (columns, rows)]
    assert np.abs(found - moved).max() < 0.5, (steps, found, moved)


# Each of several views has a geometry of its own, and their stack has none.
OF_IMAGES = [
    name for name in TRANSFORMS if "image" in TRANSFORMS[name].input_kinds and name != "views"
]
# Of what a pixel may depend on: a descriptor of a whole block; and edges, which are followed far.
FAR = {HOG: 40.0, Canny: np.inf}


@pytest.mark.parametrize("name", OF_IMAGES)
@settings(max_examples=25)
@given(data=st.data(), seed=seeds)
def test_where_an_image_changes_the_result_changes_most(
    name: str, data: st.DataObject, seed: Seed
) -> None:
    """It holds for every step, and refutes one that moves places and does not say so."""
    step = data.draw(TRANSFORMS_BY_NAME[name])
    try:
        pipeline = Pipeline([step], Npy("hwc"))
    except SpecError:
        assume(False)
        raise
    assume(can_take(pipeline, ImageSpec(48, 56, 3, "uint8")))
    image = np.random.default_rng(7).integers(0, 256, (48, 56, 3), np.uint8)
    top, left = data.draw(st.integers(2, 38)), data.draw(st.integers(2, 46))
    other = image.copy()
    other[top : top + 8, left : left + 8] ^= 0x80
    try:
        geometry = pipeline.geometry(image, seed=seed)
        before, after = (pipeline(i, seed=seed) for i in (image, other))
    except IncompatibleSource:
        assume(False)
        raise
    change = np.abs(after.astype(np.float64) - before)
    change = change if change.ndim == 2 else change.max(axis=-1)
    assume(change.max() > (4 if after.dtype.kind == "u" else 0))  # others are of rounding
    changed = np.median(origins(geometry)[change > change.max() / 2], axis=0)
    pixel = np.abs(np.subtract(*geometry.inverse.points([[0.5, 0.5], [1.5, 1.5]])[0])).max()
    reach = FAR.get(type(step), 5 + 3 * pixel)
    assert np.abs(changed - [left + 4, top + 4]).max() <= 4 + reach, step
