"""What random crops, flips, warps and erasings choose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preprocessing import (
    Affine,
    Crop,
    Erase,
    HorizontalFlip,
    ImageSpec,
    IncompatibleSource,
    Pad,
    Perspective,
    Pipeline,
    RandomAffine,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    Rotate,
    SpecError,
    VerticalFlip,
)
from preprocessing.planner.lowering import resolve_random
from preprocessing.rng import Draws

from ...strategies.random_geometry import TRANSFORMS, areas, ratios

STREAMS = st.binary(min_size=1, max_size=8).map(Draws)
SPECS = st.builds(ImageSpec, st.integers(1, 300), st.integers(1, 300), st.just(3), st.just("uint8"))
PHOTO = ImageSpec(375, 500, 3, "uint8")
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


@given(st.sampled_from(sorted(TRANSFORMS)).flatmap(TRANSFORMS.get), SPECS, STREAMS)
def test_what_is_drawn_has_the_spec_that_was_inferred(step, spec: ImageSpec, draws: Draws) -> None:
    try:
        inferred = step.infer(spec)
    except IncompatibleSource:
        with pytest.raises(IncompatibleSource):  # before anything is drawn, whatever the seed
            list(resolve_random(step, spec, draws))
        return
    result = spec
    for _, after in resolve_random(step, spec, draws):
        result = after
    assert inferred.height in (None, result.height) and inferred.width in (None, result.width)
    assert (inferred.channels, inferred.dtype) == (result.channels, result.dtype)


@given(SPECS, areas, ratios, STREAMS)
def test_resized_crop_stays_inside(spec: ImageSpec, scale, ratio, draws: Draws) -> None:
    crop, resize = RandomResizedCrop(7, scale, ratio).choose(spec, draws)
    assert isinstance(crop, Crop) and resize == Resize((7, 7))
    assert 0 <= crop.top <= crop.top + crop.height <= spec.height
    assert 0 <= crop.left <= crop.left + crop.width <= spec.width


@given(st.floats(0.2, 0.5), st.floats(0.5, 2), STREAMS)
def test_resized_crop_has_the_area_and_ratio_asked_for(
    area: float, ratio: float, draws: Draws
) -> None:
    """If it fits, to half a pixel of rounding."""
    crop, _ = RandomResizedCrop(7, (area, area), (ratio, ratio)).choose(PHOTO, draws)
    assert isinstance(crop, Crop)
    width, height = ((area * 375 * 500) * ratio) ** 0.5, ((area * 375 * 500) / ratio) ** 0.5
    assume(width < 500 and height < 375)
    assert abs(crop.width - width) <= 0.51 and abs(crop.height - height) <= 0.51


def test_resized_crop_is_drawn_like_torchvision() -> None:
    """The moments of 20,000 of ``v2.RandomResizedCrop.make_params`` for the same image."""
    count = 2000
    step = RandomResizedCrop(7)
    boxes = [step.choose(PHOTO, Draws(b"r").fork(i))[0] for i in range(count)]
    area = np.array([box.height * box.width for box in boxes]) / (375 * 500)
    ratio = np.log([box.width / box.height for box in boxes])
    assert abs(area.mean() - 0.4348) < 4 * 0.2159 / count**0.5
    assert abs(ratio.mean() - 0.0315) < 4 * 0.1635 / count**0.5
    assert abs(area.std() - 0.2159) < 0.01 and abs(ratio.std() - 0.1635) < 0.01


@given(SPECS, STREAMS)
def test_crop_stays_inside(spec: ImageSpec, draws: Draws) -> None:
    step = RandomCrop((min(9, spec.height), min(5, spec.width)))
    (crop,) = step.choose(spec, draws)
    assert isinstance(crop, Crop)
    assert 0 <= crop.top <= spec.height - crop.height
    assert 0 <= crop.left <= spec.width - crop.width


def test_crop_reaches_every_place() -> None:
    spec = ImageSpec(4, 5, 3, "uint8")
    crops = {RandomCrop(3).choose(spec, Draws(b"c").fork(i)) for i in range(100)}
    assert crops == {(Crop(top, left, 3, 3),) for top in range(2) for left in range(3)}


def test_crop_pads_as_torchvision() -> None:
    """Once, not twice; and an image too small by n gets n on both sides."""
    spec = ImageSpec(4, 50, 3, "uint8")
    pad, crop = RandomCrop(10, (1, 2), True, 7.0, "edge").choose(spec, Draws(b""))
    assert pad == Pad((1, 4, 1, 4), 7.0, "edge")
    assert isinstance(crop, Crop) and 0 <= crop.top <= 2 and 0 <= crop.left <= 42


@pytest.mark.parametrize("spec", ["random_crop:10", "random_crop:10,padding=2"])
def test_crop_refuses_what_is_too_small(spec: str) -> None:
    for seed in range(3):
        with pytest.raises(IncompatibleSource, match=r"step 1 'random_crop': takes 10×10 pixels"):
            Pipeline.parse(spec)(np.zeros((5, 20), np.uint8), seed=seed)
    assert Pipeline.parse(f"{spec},pad_if_needed=true")(np.zeros((5, 20), np.uint8)).size == 100
    with pytest.raises(IncompatibleSource, match="random_crop"):
        Pipeline.parse("random_crop:30,pad_if_needed=true,padding_mode=reflect")(PIXELS[:9])


@pytest.mark.parametrize(
    ("step", "chosen"),
    [
        (RandomHorizontalFlip, HorizontalFlip),
        (RandomVerticalFlip, VerticalFlip),
        (RandomErasing, Erase),
        (RandomPerspective, Perspective),
    ],
)
def test_probabilities(step, chosen) -> None:
    def times(p: float) -> int:
        found = [step(p=p).choose(PHOTO, Draws(b"p").fork(i)) for i in range(1000)]
        assert {type(one) for pair in found for one in pair} <= {chosen}
        return sum(map(bool, found))

    assert times(0) == 0
    assert times(1) == 1000
    assert abs(times(0.3) - 300) < 5 * (1000 * 0.3 * 0.7) ** 0.5


@given(SPECS, areas, ratios, STREAMS)
def test_erasing_stays_inside(spec: ImageSpec, scale, ratio, draws: Draws) -> None:
    boxes = RandomErasing(1.0, scale, ratio).choose(spec, draws)
    assume(boxes)  # none if no box of ten draws fits
    (box,) = boxes
    assert isinstance(box, Erase)
    assert 0 <= box.top <= spec.height - box.height and box.height < spec.height
    assert 0 <= box.left <= spec.width - box.width and box.width < spec.width


def test_erasing_has_the_area_and_ratio_asked_for() -> None:
    (box,) = RandomErasing(1.0, (0.1, 0.1), (2.0, 2.0)).choose(PHOTO, Draws(b""))
    assert isinstance(box, Erase)
    assert (box.height, box.width) == (194, 97)  # its ratio is height over width


@given(STREAMS)
def test_warps_are_drawn_from_their_ranges(draws: Draws) -> None:
    (turn,) = RandomRotation((-10, 20), "bilinear", fill=3.0).choose(PHOTO, draws)
    assert isinstance(turn, Rotate) and -10 <= turn.angle <= 20
    assert turn == Rotate(turn.angle, "bilinear", fill=3.0)
    step = RandomAffine(5.0, (0.1, 0.2), (0.5, 2.0), (-3.0, 4.0, 5.0, 6.0), center=(1.0, 2.0))
    (move,) = step.choose(PHOTO, draws)
    assert isinstance(move, Affine) and move.center == (1.0, 2.0)
    assert -5 <= move.angle <= 5 and 0.5 <= move.scale <= 2
    assert abs(move.translate[0]) <= 50 and abs(move.translate[1]) <= 75
    assert all(number.is_integer() for number in move.translate)
    assert -3 <= move.shear[0] <= 4 and 5 <= move.shear[1] <= 6
    assert RandomAffine(0.0).choose(PHOTO, draws) == (Affine(0.0),)
    (sheared,) = RandomAffine(0.0, shear=9.0).choose(PHOTO, draws)
    assert isinstance(sheared, Affine) and abs(sheared.shear[0]) <= 9 and sheared.shear[1] == 0


@given(STREAMS, st.floats(0, 1), st.integers(2, 60), st.integers(2, 60))
def test_perspective_moves_corners_inwards(
    draws: Draws, scale: float, height: int, width: int
) -> None:
    spec = ImageSpec(height, width, 3, "uint8")
    tilts = RandomPerspective(scale, 1.0).choose(spec, draws)
    assume(tilts)  # none if the corners of ten draws fall together
    (tilt,) = tilts
    assert isinstance(tilt, Perspective) and tilt.endpoints is not None
    moved = np.abs(np.subtract(tilt.endpoints, tilt.startpoints)).reshape(4, 2)
    assert moved[:, 0].max() <= scale * (width // 2)
    assert moved[:, 1].max() <= scale * (height // 2)
    assert min(tilt.endpoints) >= 0
    assert max(tilt.endpoints[::2]) < width and max(tilt.endpoints[1::2]) < height


def test_perspective_draws_again_where_corners_fall_together() -> None:
    """Of two in three draws no map is known for so small an image; of ten in a row, hardly ever."""
    spec = ImageSpec(3, 3, 1, "uint8")
    found = [RandomPerspective(1.0, 1.0).choose(spec, Draws(b"q").fork(i)) for i in range(300)]
    assert 290 <= sum(map(bool, found)) < 300


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (1, 1)])
def test_perspective_refuses_a_strip_whatever_it_draws(shape: tuple[int, int]) -> None:
    with pytest.raises(IncompatibleSource, match=r"two pixels per side.*resize it first"):
        Pipeline.parse("random_perspective:p=0")(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("name", ["random_affine:5", "random_rotation:5", "random_erasing:p=0"])
def test_a_fill_of_three_needs_three_channels_whatever_is_drawn(name: str) -> None:
    key = "value" if "erasing" in name else "fill"
    with pytest.raises(SpecError, match="fill has 3 values, but the image has 1 channels"):
        Pipeline.parse(f"grayscale/{name},{key}=1,2,3")


@pytest.mark.parametrize("spec", ["random_rotation:30,expand=true", "random_affine:30,shear=5"])
def test_seeds(spec: str) -> None:
    p = Pipeline.parse(f"{spec}/npy")
    assert p.random
    first = [p(PIXELS, seed=seed).tobytes() for seed in range(4)]
    assert first == [p(PIXELS, seed=seed).tobytes() for seed in range(4)]
    assert len(set(first)) == 4


def test_a_size_that_is_drawn_is_not_foretold() -> None:
    assert Pipeline.parse("resize:9,9/random_rotation:30,expand=true").output.shape == (
        3,
        None,
        None,
    )
    assert Pipeline.parse("resize:9,9/random_rotation:30").output.shape == (3, 9, 9)


@pytest.mark.parametrize(
    "spec",
    [
        "random_horizontal_flip:1.1", "random_vertical_flip:-0.1", "random_crop:0",
        "random_crop:5,padding=-1", "random_resized_crop:0", "random_resized_crop:5,scale=0.5,0.4",
        "random_resized_crop:5,scale=0,1.1", "random_resized_crop:5,ratio=0,1",
        "random_resized_crop:5,ratio=2,1", "random_rotation:-1", "random_rotation:5,4",
        "random_rotation:1e9", "random_affine:0,translate=0,1.5", "random_affine:0,scale=0,1",
        "random_affine:0,scale=2,1", "random_affine:0,shear=90", "random_affine:0,shear=-5",
        "random_affine:0,center=1e9,0", "random_perspective:1.5", "random_perspective:p=2",
        "random_erasing:2", "random_erasing:scale=1,0", "random_erasing:value=1,2",
    ],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(spec: str) -> None:
    name, _, rest = spec.partition(":")
    key = rest.rpartition("=")[0].rpartition(",")[2]
    with pytest.raises(SpecError, match=f"step 1 '{name}'.*{key}"):
        Pipeline.parse(spec)
