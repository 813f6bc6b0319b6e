"""Gaussian blur: near the definition, and exact in what it adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.ndimage import correlate1d

from preprocessing import Blur, GaussianBlur, ImageSpec, IncompatibleSource, Pipeline, SpecError
from preprocessing.kernels.image.blur import _PRECISION, _round, _weights, gaussian_blur
from preprocessing.rng import Draws
from tests.photos import NAMES, picture

from ...strategies import can_take, images
from ...strategies.tone import kernel_sizes, sigmas


def by_definition(
    image: np.ndarray, size: tuple[int, int], sigma: tuple[float, float]
) -> np.ndarray:
    """Weights in double precision, nothing rounded."""
    result = image.astype(np.float64)
    for axis in (0, 1):
        distance = np.arange(size[1 - axis]) - size[1 - axis] // 2
        weights = np.exp(-0.5 * (distance / sigma[1 - axis]) ** 2)
        result = correlate1d(result, weights / weights.sum(), axis, mode="mirror")
    return result


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("size", "sigma"), [(3, 0.8), (5, 1.1), (9, 2.0), (23, 1.0), (23, 5.0)])
def test_photographs_are_near_the_definition(name: str, size: int, sigma: float) -> None:
    image = np.asarray(picture(name))
    expected = by_definition(image, (size, size), (sigma, sigma))
    result = gaussian_blur(image, (size, size), (sigma, sigma)).astype(np.float64)
    assert np.abs(result - expected).max() <= 0.5 + 0.3
    assert (result != np.rint(expected)).mean() <= 0.03


@given(images(), kernel_sizes, st.tuples(sigmas, sigmas))
def test_any_image_is_near_the_definition(image, kernel_size, sigma) -> None:
    step = Blur(kernel_size, sigma)
    spec = ImageSpec(*image.shape, image.dtype.name)
    assume(can_take(Pipeline([step]), spec))
    size = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    expected = by_definition(image, size, sigma)
    result = Pipeline([step])(image).transpose(1, 2, 0)
    bound = {"uint8": 1.0, "uint16": 0.6, "float16": 1e-3, "float32": 1e-5}[image.dtype.name]
    assert np.abs(result - expected).max() <= bound


@given(images(("uint8", "uint16")), kernel_sizes, sigmas)
def test_a_mirrored_image_is_blurred_to_the_mirrored_result(image, kernel_size, sigma) -> None:
    """To the bit: the weights are symmetric after rounding, and all sums are exact."""
    p = Pipeline([Blur(kernel_size, sigma)])
    assume(can_take(p, ImageSpec(*image.shape, image.dtype.name)))
    result = p(image)
    for flip in (np.s_[::-1], np.s_[:, ::-1]):
        np.testing.assert_array_equal(p(image[flip]), result[:, *np.atleast_1d(flip)])


@given(st.sampled_from((("uint8", 255), ("uint16", 65_535))), kernel_sizes, sigmas)
def test_white_stays_white(kind, kernel_size, sigma) -> None:
    """Weights add up to exactly 1, and no sum of the largest samples overflows what is exact."""
    dtype, white = kind
    image = np.full((12, 14, 3), white, dtype)
    np.testing.assert_array_equal(Pipeline([Blur(kernel_size, sigma)])(image), white)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_sums_fit_into_their_floats(dtype: str) -> None:
    """White times weights that add up to 1: the largest sum, in units of its last place."""
    how, white = _PRECISION[dtype], int(np.iinfo(dtype).max)
    largest = 2 ** (np.finfo(how.dtype).nmant + 1)
    assert white * 2**how.down <= largest
    assert white * 2 ** (how.kept + how.across) <= largest


@given(st.integers(0, 60), st.floats(1e-300, 1e300), st.integers(10, 24))
def test_rounded_weights_add_up_to_one(radius: int, sigma: float, places: int) -> None:
    half = _weights(2 * radius + 1, sigma)
    rounded = _round(half, places)
    assert rounded[0] + 2 * rounded[1:].sum() == 1
    assert np.abs(rounded - half).max() < 2.0**-places
    assert (rounded >= 0).all()
    assert (np.ldexp(rounded, places) % 1 == 0).all()


@given(images())
def test_a_narrow_gaussian_changes_nothing(image: np.ndarray) -> None:
    p = Pipeline([Blur(3, 1e-3)])
    assume(can_take(p, ImageSpec(*image.shape, image.dtype.name)))
    np.testing.assert_array_equal(p(image).transpose(1, 2, 0), image)


def test_a_kernel_as_large_as_can_be_reflected() -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 30, 3), np.uint8)
    size, sigma = (59, 79), (9.0, 11.0)
    result = gaussian_blur(image, size, sigma)
    assert np.abs(result - by_definition(image, size, sigma)).max() <= 1


def test_sigma_left_out_is_that_of_the_kernel_size() -> None:
    """0.3 * ((size - 1) * 0.5 - 1) + 0.8, as OpenCV and torchvision have it."""
    image = np.asarray(picture("coffee"))[:50, :60]
    for size in (3, 9):
        sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
        result = Pipeline([Blur(size)])(image)
        np.testing.assert_array_equal(result, Pipeline([Blur(size, sigma)])(image))


def test_gaussian_blur_draws_its_sigma_evenly() -> None:
    spec = ImageSpec(9, 9, 3, "uint8")
    chosen = [GaussianBlur(5, (0.5, 2.5)).choose(spec, Draws(b"%d" % i)) for i in range(400)]
    drawn = np.array([steps[0].sigma for steps in chosen])
    assert {len(steps) for steps in chosen} == {1}
    assert {steps[0].kernel_size for steps in chosen} == {5}
    assert np.histogram(drawn, 4, (0.5, 2.5))[0].min() > 60
    assert drawn.min() >= 0.5
    assert drawn.max() <= 2.5
    assert GaussianBlur(5, 1.3).choose(spec, Draws(b"")) == (Blur(5, 1.3),)


@pytest.mark.parametrize("name", ["blur", "gaussian_blur"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("4", "kernel_size: must be odd and from 1"),
        ("-3", "kernel_size: must be odd and from 1"),
        ("3,6", "kernel_size: must be odd and from 1"),
        ("65537", "kernel_size: must be odd and from 1 to 65535"),
        ("3,sigma=0", "sigma: must be positive"),
        ("3,sigma=0,1", "sigma: must be positive"),
    ],
)
def test_bad_arguments_are_refused(name: str, arguments: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Pipeline.parse(f"{name}:{arguments}")


def test_sigmas_out_of_order_are_refused() -> None:
    with pytest.raises(SpecError, match="two positive numbers in order"):
        Pipeline.parse("gaussian_blur:3,sigma=2,1")


@pytest.mark.parametrize("name", ["blur", "gaussian_blur"])
def test_a_kernel_too_large_to_reflect_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="reflects 5 pixels of an image that has 5"):
        Pipeline.parse(f"resize:5,9/{name}:11")
    with pytest.raises(
        IncompatibleSource, match="kernel_size 3 reflects 1 pixels of an image that"
    ):
        Pipeline.parse(f"{name}:3")(np.zeros((1, 9, 3), np.uint8))
    assert Pipeline.parse(f"{name}:1")(np.zeros((1, 1, 3), np.uint8)).shape == (3, 1, 1)
