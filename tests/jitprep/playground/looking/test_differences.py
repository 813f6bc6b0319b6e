"""The difference of two results is what NumPy says of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jitprep.playground.looking.differences import measure_difference
from preprocessing import AudioSpec, ImageSpec, Normalize, TextSpec

SPEC = ImageSpec(None, None, 3, "float32")
PAIRS = st.sampled_from(["u1", "u2", "i4", "f2", "f4"]).flatmap(
    lambda dtype: st.tuples(*[hnp.arrays(dtype, (3, 4, 3))] * 2)
)


@given(PAIRS)
def test_nothing_is_left_out(pair: tuple[np.ndarray, np.ndarray]) -> None:
    one, other = pair
    found = measure_difference(one, other, SPEC, ())
    equal = (one == other) | (np.isnan(one) & np.isnan(other))
    assert found.share == (~equal).mean()
    assert found.identical == equal.all()
    finite = np.isfinite(one) & np.isfinite(other)
    apart = np.abs(one[finite].astype(float) - other[finite].astype(float))
    assert found.most == (apart.max() if apart.size else 0)
    assert found.mean == pytest.approx(apart.mean() if apart.size else 0)
    assert found == measure_difference(other, one, SPEC, ()) or one.dtype.kind == "f"


def test_decibels_are_those_of_levels() -> None:
    one, other = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 2, np.uint8)
    found = measure_difference(one, other, ImageSpec(8, 8, 3, "uint8"), ())
    assert found.decibels == pytest.approx(10 * np.log10(255**2 / 4))


def test_decibels_of_normalised_values_are_those_of_the_pixels() -> None:
    step = Normalize((0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    pixels = np.random.default_rng(0).random((9, 8, 3)).astype(np.float32)
    mean, std = (np.array(of, np.float32) for of in step.constants)
    one, other = ((of - mean) / std for of in (pixels, pixels + np.float32(0.01)))
    found = measure_difference(one, other, SPEC, [step])
    assert found.decibels == pytest.approx(40, abs=0.01)


@pytest.mark.parametrize(
    "array", [np.full((2, 2, 3), 200, np.float32), np.zeros((2, 2, 3), np.float32)]
)
def test_there_are_no_decibels_without_a_peak_or_a_difference(array: np.ndarray) -> None:
    apart = array + (1 if array.any() else 0)
    assert measure_difference(array, apart, SPEC, ()).decibels is None


def test_large_arrays_are_compared_in_parts() -> None:
    one = np.zeros((3, 1500, 1500), np.uint8)
    other = one.copy()
    other[1, ::2] = 3
    found = measure_difference(one, other, SPEC, ())
    assert (found.most, found.mean, found.share) == (3, pytest.approx(0.5), pytest.approx(1 / 6))


def test_texts_and_sound_have_no_decibels() -> None:
    found = measure_difference(np.array(["a", "b"]), np.array(["a", "c"]), TextSpec(2), ())
    assert (found.identical, found.most, found.share) == (False, None, 0.5)
    one = np.zeros((1, 9), np.float32)
    assert measure_difference(one, one + 1, AudioSpec(1, 9, 8000), ()).decibels is None
