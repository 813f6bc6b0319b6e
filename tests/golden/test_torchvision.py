"""Every transform equals the real torchvision's, within the tolerance that its docstring states.

The expected arrays are made by `make_torchvision.py`; see there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from preprocessing import TRANSFORMS, Pipeline

from .tolerances import TOLERANCES, Golden


def _goldens() -> Iterator[tuple[Golden, np.ndarray]]:
    for path in sorted((Path(__file__).parent / "torchvision").glob("*.npz")):
        with np.load(path) as stored:
            arrays = dict(stored)
        for key, expected in arrays.items():
            if not key.startswith(("input ", "made by")):
                name, spec = key.split(" ", 1)
                yield Golden(name, spec, expected), arrays[f"input {name}"]


GOLDENS = list(_goldens())
# These draw from lists; test_auto_augment.py has their goldens.
DRAWN = {"trivial_augment_wide", "rand_augment"}


@pytest.mark.parametrize(
    ("golden", "image"), GOLDENS, ids=[f"{golden.input} {golden.spec}" for golden, _ in GOLDENS]
)
def test_equals_torchvision(golden: Golden, image: np.ndarray) -> None:
    expected = golden.expected
    result = Pipeline.parse(golden.spec)(image)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    distance = np.abs(result.astype(np.float64) - expected.astype(np.float64)).max()
    tolerance = 0 if golden.ids else TOLERANCES.get(golden.step, lambda _: 0)(golden)
    assert distance <= tolerance


def test_every_transform_of_torchvision_has_goldens() -> None:
    """The first line of its docstring says which of torchvision's it is."""
    named = {name for name in TRANSFORMS if "``torchvision" in _first_line(TRANSFORMS[name])}
    assert {golden.step for golden, _ in GOLDENS} == named - DRAWN


def _first_line(step: type) -> str:
    return (step.__doc__ or "").strip().partition("\n")[0]


def test_float32_resize_is_within_100_db() -> None:
    """The mean over all samples of a case; single samples may differ more."""
    resized = [
        (golden, image)
        for golden, image in GOLDENS
        if golden.input == "photo_float32" and golden.step == "resize"
    ]
    assert resized
    for golden, image in resized:
        error = Pipeline.parse(golden.spec)(image).astype("f8") - golden.expected
        assert 10 * np.log10(1.0 / np.mean(error**2)) >= 100, golden.spec
