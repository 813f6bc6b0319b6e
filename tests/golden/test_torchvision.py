"""Every transform equals the real torchvision's, within the tolerance that its docstring states.

The expected arrays are made by `make_torchvision.py`; see there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preprocessing import TRANSFORMS, Pipeline

with np.load(Path(__file__).with_name("torchvision.npz")) as stored:
    GOLDENS = dict(stored)
CASES = [key for key in GOLDENS if not key.startswith(("input ", "made by"))]


@pytest.mark.parametrize("case", CASES)
def test_equals_torchvision(case: str) -> None:
    name, spec = case.split(" ", 1)
    image, expected = GOLDENS[f"input {name}"], GOLDENS[case]
    result = Pipeline.parse(spec)(image)
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    distance = np.abs(result.astype(np.float64) - expected.astype(np.float64)).max()
    assert distance <= _tolerance(name, spec, expected)


def _tolerance(name: str, spec: str, expected: np.ndarray) -> float:
    """What the docstrings promise, in units of the result."""
    step = spec.partition(":")[0]
    integer = expected.dtype.kind == "u"
    if step == "resize" and "nearest" not in spec:
        if name == "stark" and "bicubic" in spec:
            return 5
        return 1 if integer else 1e-5
    if step == "grayscale":
        return 1 if integer else 1e-4
    if step == "normalize":
        return 1e-6 * float(np.ptp(expected))
    if step == "to_dtype" and "scale=true" in spec:
        return {"photo_float16 uint8": 1}.get(f"{name} {expected.dtype}", 0 if integer else 1e-7)
    return 0


def test_every_transform_has_goldens() -> None:
    assert {case.split(" ", 1)[1].partition(":")[0] for case in CASES} >= set(TRANSFORMS)


def test_float32_resize_is_within_100_db() -> None:
    """A mean over all cases, which a few unlucky samples cannot carry."""
    for case in CASES:
        name, spec = case.split(" ", 1)
        if name == "photo_float32" and spec.startswith("resize:"):
            error = Pipeline.parse(spec)(GOLDENS[f"input {name}"]).astype("f8") - GOLDENS[case]
            assert 10 * np.log10(1.0 / np.mean(error**2)) >= 100, spec
