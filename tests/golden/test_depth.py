"""Samples of more than 8 bits are those that libpng and libtiff read. `make_depth.py` has the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preprocessing import Pipeline

with np.load(Path(__file__).with_name("depth.npz")) as stored:
    ARRAYS = dict(stored)
NAMES = sorted(key.removesuffix(" file") for key in ARRAYS if key.endswith(" file"))


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_kept(name: str) -> None:
    data, expected = ARRAYS[f"{name} file"].tobytes(), ARRAYS[f"{name} samples"]
    colours = expected[:, :, : 3 if expected.shape[2] >= 3 else 1]
    kind = "image:float32" if "float" in name else "image:uint16"
    result = Pipeline.parse(f"{kind}/npy:hwc")(data)
    assert result.dtype == colours.dtype
    np.testing.assert_array_equal(result, np.broadcast_to(colours, (*colours.shape[:2], 3)))


@pytest.mark.parametrize("name", [name for name in NAMES if "float" not in name])
def test_8_bits_are_the_high_byte_and_floats_the_fraction(name: str) -> None:
    data = ARRAYS[f"{name} file"].tobytes()
    wide = Pipeline.parse("image:uint16/npy")(data)
    np.testing.assert_array_equal(Pipeline.parse("npy")(data), wide >> 8)
    floats = Pipeline.parse("image:float32/npy")(data)
    np.testing.assert_array_equal(floats, wide / np.float32(65_535))
