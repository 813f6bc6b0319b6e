"""Negatives, posters, solarisation, autocontrast, equalisation, and each of them at random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from preprocessing import (
    AutoContrast,
    Equalize,
    ImageSpec,
    IncompatibleSource,
    Invert,
    Pipeline,
    Posterize,
    RandomAdjustSharpness,
    RandomAutocontrast,
    RandomEqualize,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
    Solarize,
    SpecError,
    Transform,
)
from preprocessing.rng import Draws
from tests.photos import NAMES, picture

from ...strategies import images
from ...strategies.tone import bits, probabilities

INTEGERS = images(("uint8", "uint16"))
BYTES = images(("uint8",))
SPEC = ImageSpec(5, 5, 3, "uint8")


def run(step: Transform, image: np.ndarray) -> np.ndarray:
    return Pipeline([step])(image).transpose(1, 2, 0)


@given(INTEGERS)
def test_a_negative_of_a_negative(image: np.ndarray) -> None:
    np.testing.assert_array_equal(run(Invert(), run(Invert(), image)), image)
    np.testing.assert_array_equal(run(Invert(), image), np.iinfo(image.dtype).max - image)


@given(images(("float16", "float32")))
def test_a_negative_of_floats(image: np.ndarray) -> None:
    np.testing.assert_array_equal(run(Invert(), image), 1 - image)


@given(images(), bits)
def test_a_poster_of_a_poster(image: np.ndarray, kept: int) -> None:
    once = run(Posterize(kept), image)
    np.testing.assert_array_equal(run(Posterize(kept), once), once)
    assert len(np.unique(once)) <= 2**kept
    assert (once <= image).all()


@given(BYTES)
def test_eight_bits_of_eight(image: np.ndarray) -> None:
    np.testing.assert_array_equal(run(Posterize(8), image), image)


@given(images(), st.floats(-1, 1))
def test_solarize_inverts_from_the_threshold_on(image: np.ndarray, threshold: float) -> None:
    # Rounded to what torchvision compares with.
    rounded = image.dtype.type(threshold) if image.dtype.kind == "f" else np.float32(threshold)
    expected = np.where(image >= rounded, run(Invert(), image), image)
    np.testing.assert_array_equal(run(Solarize(threshold), image), expected)


@given(images())
def test_autocontrast_reaches_black_and_white(image: np.ndarray) -> None:
    result = run(AutoContrast(), image)
    top = np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1
    for before, after in zip(image.transpose(2, 0, 1), result.transpose(2, 0, 1), strict=True):
        if np.ptp(before) == 0:
            np.testing.assert_array_equal(after, before)
        else:
            assert after.min() == 0
            # torchvision truncates, and what is a hair below white is one level below.
            assert after.max() >= (top - 1 if image.dtype.kind == "u" else 1 - 1e-3)
            assert (np.diff(after.ravel()[np.argsort(before, axis=None)].astype(float)) >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_equalize_equals_pillow(name: str) -> None:
    photo = picture(name)
    result = run(Equalize(), np.asarray(photo))
    np.testing.assert_array_equal(result, np.asarray(ImageOps.equalize(photo)))


@given(images(("uint8",), channels=(1,)))
def test_equalize_equals_pillow_on_small_images(image: np.ndarray) -> None:
    expected = ImageOps.equalize(Image.fromarray(image[..., 0]))
    np.testing.assert_array_equal(run(Equalize(), image)[..., 0], np.asarray(expected))


RANDOM = (
    (RandomInvert, (), Invert()),
    (RandomPosterize, (3,), Posterize(3)),
    (RandomSolarize, (99.0,), Solarize(99.0)),
    (RandomAutocontrast, (), AutoContrast()),
    (RandomEqualize, (), Equalize()),
    (RandomAdjustSharpness, (2.0,), None),
    (RandomGrayscale, (), None),
)
CASES = pytest.mark.parametrize(
    ("step", "arguments", "fixed"), RANDOM, ids=[step.__name__ for step, _, _ in RANDOM]
)


@CASES
def test_p_is_a_probability(step, arguments, fixed) -> None:
    def times(p: float) -> int:
        random = step(*arguments, p=p)
        return sum(len(random.choose(SPEC, Draws(b"%d" % seed))) for seed in range(400))

    assert times(0.0) == 0
    assert times(1.0) == 400
    assert 70 < times(0.25) < 130
    assert fixed is None or step(*arguments, p=1.0).choose(SPEC, Draws(b"")) == (fixed,)


@CASES
@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_no_other_p(step, arguments, fixed, p: float) -> None:
    with pytest.raises(SpecError, match="p: must be from 0 to 1"):
        step(*arguments, p=p)


@given(images(), probabilities)
def test_random_grayscale_keeps_the_channels(image: np.ndarray, p: float) -> None:
    result = run(RandomGrayscale(p), image)
    assert result.shape == image.shape
    gray = run(RandomGrayscale(1.0), image)
    np.testing.assert_array_equal(gray, np.broadcast_to(gray[..., :1], gray.shape))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("posterize:9", "bits: must be from 0 to 8"),
        ("random_posterize:-1", "bits: must be from 0 to 8"),
        ("random_adjust_sharpness:-1", "sharpness_factor: must be from 0"),
    ],
)
def test_bad_arguments_are_refused(line: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        Pipeline.parse(line)


@pytest.mark.parametrize("step", ["solarize", "random_solarize"])
def test_a_threshold_above_white_is_refused_where_the_type_is_known(step: str) -> None:
    with pytest.raises(SpecError, match=f"{step}.*threshold 256 is above 255, the white of uint8"):
        Pipeline.parse(f"{step}:256")
    with pytest.raises(SpecError, match="above 1, the white of float32"):
        Pipeline.parse(f"to_dtype:float32,scale=true/{step}:128")
    with pytest.raises(IncompatibleSource, match="above 1, the white of float16"):
        Pipeline.parse(f"{step}:128")(np.zeros((2, 2, 1), np.float16))
