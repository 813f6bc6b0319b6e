"""Brightness, contrast, saturation, hue, sharpness, gamma: what must hold of each."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import (
    AdjustBrightness,
    AdjustContrast,
    AdjustGamma,
    AdjustHue,
    AdjustSaturation,
    AdjustSharpness,
    ColorJitter,
    ImageSpec,
    IncompatibleSource,
    Pipeline,
    SpecError,
    Transform,
)
from preprocessing.kernels.image import adjust, blur, hue, sharpen, strips, tone
from preprocessing.rng import Draws

from ...strategies import images
from ...strategies.tone import factors, hues

FACTORS = (AdjustBrightness, AdjustContrast, AdjustSaturation, AdjustSharpness)
RGB = images(channels=(3,))
BYTES = images(("uint8",), channels=(3,))
# Each kernel with arguments that make it do all it can.
KERNELS = (
    (adjust.brightness, 1.3),
    (adjust.contrast, 1.7),
    (adjust.saturation, 0.4),
    (adjust.gamma, 2.2, 1.1),
    (hue.hue, 0.3),
    (sharpen.sharpen, 2.5),
    (tone.invert,),
    (tone.posterize, 3),
    (tone.solarize, 0.4),
    (tone.autocontrast,),
    (tone.equalize,),
    (blur.gaussian_blur, (5, 3), (1.5, 0.8)),
)


def run(step: Transform, image: np.ndarray) -> np.ndarray:
    """The result, (H, W, C), in range."""
    result = Pipeline([step])(image).transpose(1, 2, 0)
    assert 0 <= result.min() <= result.max() <= strips.top_of(image.dtype)
    return result


def differs(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())


def slack(image: np.ndarray) -> float:
    """What one rounding more or less may come to."""
    return {"u": 0.0}.get(image.dtype.kind, 1e-3 if image.itemsize == 2 else 1e-6)


@given(st.sampled_from(FACTORS), RGB)
def test_one_changes_nothing(step: type[Transform], image: np.ndarray) -> None:
    assert differs(run(step(1.0), image), image) <= slack(image)


@given(images())
def test_zero_takes_all_of_it(image: np.ndarray) -> None:
    assert run(AdjustBrightness(0.0), image).max() == 0
    assert np.ptp(run(AdjustContrast(0.0), image)) == 0
    gray = run(AdjustSaturation(0.0), image)
    assert differs(gray, gray[..., :1]) == 0 or image.shape[2] == 1


@given(st.sampled_from(FACTORS), images(), factors)
def test_factors_stay_in_range(step: type[Transform], image: np.ndarray, factor: float) -> None:
    run(step(factor), image)


@given(images(), factors)
def test_brightness_is_a_product(image: np.ndarray, factor: float) -> None:
    top = strips.top_of(image.dtype)
    expected = np.minimum(image.astype(np.float64) * np.float32(factor), top)
    whole = image.dtype.kind == "u"
    assert differs(run(AdjustBrightness(factor), image), expected) <= (1 if whole else 1e-3)


@given(images(("uint8", "uint16"), (3,)), factors, st.randoms(use_true_random=False))
def test_contrast_does_not_depend_on_where_pixels_are(image, factor, random) -> None:
    """The mean of integers is exact, so that even the last bit is the same."""
    order = list(range(image.shape[0] * image.shape[1]))
    random.shuffle(order)
    shuffled = image.reshape(-1, 3)[order].reshape(image.shape)
    result = adjust.contrast(image, factor)
    expected = np.ascontiguousarray(result).reshape(-1, 3)[order].reshape(image.shape)
    np.testing.assert_array_equal(adjust.contrast(shuffled, factor), expected)


def test_the_mean_of_contrast_is_that_of_whole_numbers() -> None:
    """Of 0, 1 and 1: the luma of (1, 1, 1) is 0.9999. Nothing rounded down it would be above 1."""
    image = np.array([[[1, 1, 1], [2, 2, 2], [2, 2, 2]]], np.uint8)
    np.testing.assert_array_equal(run(AdjustContrast(0.0), image), 0)
    np.testing.assert_array_equal(run(AdjustContrast(0.0), image.astype(np.uint16)), 0)


@given(BYTES, hues)
def test_hue_keeps_the_largest_and_the_smallest_sample(image: np.ndarray, factor: float) -> None:
    result = run(AdjustHue(factor), image)
    for end in (np.max, np.min):
        np.testing.assert_array_equal(end(result, axis=2), end(image, axis=2))


@given(BYTES)
def test_a_hue_of_zero_changes_nothing(image: np.ndarray) -> None:
    np.testing.assert_array_equal(run(AdjustHue(0.0), image), image)


@given(images(("float32",), channels=(3,), longest=6), hues)
def test_hue_turns_that_of_hsv(image: np.ndarray, factor: float) -> None:
    def turned(pixel: np.ndarray) -> tuple[float, float, float]:
        h, s, v = colorsys.rgb_to_hsv(*pixel.tolist())
        return colorsys.hsv_to_rgb((h + factor) % 1.0, s, v)

    expected = np.apply_along_axis(turned, 2, image)
    assert differs(run(AdjustHue(factor), image), expected) <= 1e-5


def test_hue_on_the_seams_of_the_hexagon() -> None:
    """Pure and mixed colours, where two of the sorted samples are equal."""
    steps = np.array([0, 0.5, 1], np.float32)
    image = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(3, 9, 3)
    sixth = run(AdjustHue(1 / 6), image)
    expected = [
        colorsys.hsv_to_rgb((h + 1 / 6) % 1, s, v)
        for h, s, v in (colorsys.rgb_to_hsv(*p) for p in image.reshape(-1, 3).tolist())
    ]
    np.testing.assert_allclose(sixth.reshape(-1, 3), expected, atol=1e-6)


@given(images(), factors)
def test_sharpness_keeps_the_outermost_pixels(image: np.ndarray, factor: float) -> None:
    result = run(AdjustSharpness(factor), image)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        np.testing.assert_array_equal(result[edge], image[edge])


def test_sharpness_by_hand() -> None:
    image = np.full((3, 3, 1), 13, np.uint8)
    image[1, 1] = 39
    # The smooth is (8 * 13 + 5 * 39) / 13 = 23.
    assert [run(AdjustSharpness(f), image)[1, 1, 0] for f in (0, 0.5, 1, 2)] == [23, 31, 39, 55]


@given(images(), st.floats(0, 4))
def test_gamma_is_a_power(image: np.ndarray, gamma: float) -> None:
    top = strips.top_of(image.dtype)
    expected = (image.astype(np.float64) / top) ** gamma
    assert differs(run(AdjustGamma(gamma), image) / top, expected) <= max(1e-3, 1 / top)


def test_gamma_takes_negative_floats_for_black() -> None:
    image = np.array([[[-0.5], [0.25]]], np.float32)
    assert run(AdjustGamma(0.5), image).ravel().tolist() == [0.0, 0.5]


def layouts(image: np.ndarray) -> Iterator[np.ndarray]:
    """The same pixels in memory otherwise: planar, backwards, with gaps, repeated channels."""
    yield np.ascontiguousarray(image.transpose(2, 0, 1)).transpose(1, 2, 0)
    yield np.ascontiguousarray(image[::-1, ::-1])[::-1, ::-1]
    wide = np.repeat(image, 2, axis=1)
    yield wide[:, ::2]
    wide.setflags(write=False)
    yield wide[:, ::2]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel[0].__name__)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32"])
def test_layout_does_not_matter(kernel, dtype: str, random_image) -> None:
    function, *arguments = kernel
    image = random_image(dtype)
    before = image.copy()
    expected = function(image, *arguments)
    assert not np.shares_memory(expected, image)
    for same in layouts(image):
        np.testing.assert_array_equal(function(same, *arguments), expected)
    np.testing.assert_array_equal(image, before)
    assert expected.dtype == image.dtype
    assert expected.flags.writeable


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel[0].__name__)
@pytest.mark.parametrize("samples", [1, 200])
def test_where_strips_end_does_not_matter(
    kernel, samples: int, random_image, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, *arguments = kernel
    image = random_image("uint8")
    expected = function(image, *arguments)
    monkeypatch.setattr(strips, "_STRIP_SAMPLES", samples)
    np.testing.assert_array_equal(function(image, *arguments), expected)


@pytest.fixture
def random_image():
    def make(dtype: str) -> np.ndarray:
        samples = np.random.default_rng(3).integers(0, 256, (23, 19, 3))
        if dtype.startswith("u"):
            return (samples * (np.iinfo(dtype).max // 255)).astype(dtype)
        return (samples / 255).astype(dtype)

    return make


JITTERS = {
    "brightness": (AdjustBrightness, 0.3, (0.7, 1.3)),
    "contrast": (AdjustContrast, 2.0, (0.0, 3.0)),
    "saturation": (AdjustSaturation, (0.2, 0.9), (0.2, 0.9)),
    "hue": (AdjustHue, 0.25, (-0.25, 0.25)),
}


def test_jitter_draws_each_factor_evenly_and_the_order_too() -> None:
    jitter = ColorJitter(**{key: given_ for key, (_, given_, _) in JITTERS.items()})
    spec = ImageSpec(4, 4, 3, "uint8")
    drawn: dict[type, list[float]] = {kind: [] for kind, _, _ in JITTERS.values()}
    orders = set()
    for seed in range(400):
        chosen = jitter.choose(spec, Draws(b"%d" % seed))
        orders.add(tuple(type(step) for step in chosen))
        for step in chosen:
            drawn[type(step)].append(*vars(step).values())
    assert len(orders) == 24
    for kind, _, (low, high) in JITTERS.values():
        values = np.array(drawn[kind])
        assert len(values) == 400
        assert low <= values.min() < values.max() <= high
        shares = np.histogram(values, 4, (low, high))[0]
        assert shares.min() > 60, "a quarter of the range has far fewer than a quarter of 400"


def test_jitter_of_nothing_is_nothing() -> None:
    spec = ImageSpec(4, 4, 3, "uint8")
    assert ColorJitter().choose(spec, Draws(b"")) == []
    assert ColorJitter(brightness=(1, 1), hue=(0, 0)).choose(spec, Draws(b"")) == []
    assert len(ColorJitter(contrast=0.1).choose(spec, Draws(b""))) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("adjust_brightness:-0.1", "brightness_factor: must be from 0"),
        ("adjust_contrast:1e7", "contrast_factor: must be from 0"),
        ("adjust_hue:0.6", "hue_factor: must be from -0.5 to 0.5"),
        ("adjust_gamma:1,gain=-1", "gain: must be from 0"),
        ("color_jitter:brightness=-1", "brightness: a single number must not be negative"),
        ("color_jitter:hue=0.6", "hue: must be two numbers in order, from -0.5 to 0.5"),
        ("color_jitter:contrast=2,1", "contrast: must be two numbers in order"),
    ],
)
def test_bad_factors_are_refused(line: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Pipeline.parse(line)


@pytest.mark.parametrize(
    "line", ["adjust_contrast:2", "adjust_saturation:2", "adjust_hue:0.1", "color_jitter"]
)
def test_two_channels_have_no_luma(line: str) -> None:
    with pytest.raises(IncompatibleSource, match="takes 1 or 3 channels, but the image has 2"):
        Pipeline.parse(line)(np.zeros((4, 4, 2), np.uint8))
