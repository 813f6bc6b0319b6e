"""Arrays in numbers are those of NumPy, bounded, and JSON whatever the values."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jitprep.playground.drawing.numbers import in_numbers, not_finite

ARRAYS = st.sampled_from(["u1", "u2", "i4", "f2", "f4", "f8", "?"]).flatmap(
    lambda dtype: hnp.arrays(
        dtype, hnp.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=5)
    )
)


@given(ARRAYS)
def test_any_array_is_json(array: np.ndarray) -> None:
    numbers = in_numbers(array)
    json.dumps(asdict(numbers), allow_nan=False)
    assert numbers.shape == array.shape
    assert numbers.dtype == str(array.dtype)
    counted = not_finite(array)
    if array.dtype.kind == "f":
        assert sum(counted.values()) == array.size - np.isfinite(array).sum()
    else:
        assert counted == {}


@given(ARRAYS)
def test_statistics_are_of_the_finite_values(array: np.ndarray) -> None:
    numbers = in_numbers(array)
    finite = array[np.isfinite(array)]
    if not finite.size:
        assert numbers.least is numbers.most is numbers.mean is numbers.std is None
        return
    assert numbers.least == finite.min()
    assert numbers.most == finite.max()
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = finite.mean(dtype=float), finite.std(dtype=float)
    largest = float(np.abs(finite).max())
    if largest < 1e100:
        assert numbers.mean == pytest.approx(mean, rel=1e-9, abs=1e-9 * largest)
        assert numbers.std == pytest.approx(std, rel=1e-6, abs=1e-6 * largest)


@pytest.mark.parametrize("shape", [(4_000_001,), (3, 1001, 1003), (2, 3, 400, 500)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_large_arrays_are_summed_in_parts(shape: tuple[int, ...], dtype: str) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape).astype(dtype)
    numbers = in_numbers(array)
    assert numbers.mean == pytest.approx(array.mean(dtype=float))
    assert numbers.std == pytest.approx(array.std(dtype=float))
    assert len(numbers.text) < 10_000


@pytest.mark.parametrize("shape", [(10**6,), (10**4, 10**4), (30, 30, 30), (9, 9, 9, 9), (5,) * 6])
def test_the_text_is_bounded(shape: tuple[int, ...]) -> None:
    text = in_numbers(np.broadcast_to(np.float32(1 / 3), shape)).text
    assert text.startswith("[" * len(shape))
    assert len(text) <= 8010


def test_small_arrays_are_shown_whole() -> None:
    assert in_numbers(np.arange(6).reshape(2, 3)).text == "[[0 1 2]\n [3 4 5]]"
