"""Boxes, points and masks move as the real torchvision's do.

The expected arrays are made by `make_tv_tensors.py`; see there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preprocessing import Pipeline

with np.load(Path(__file__).parent / "tv_tensors.npz") as _stored:
    STORED = dict(_stored)
CASES = [key.split(" ", 1)[1] for key in STORED if key.startswith("xyxy ")]
# After a rotation that expands, torchvision's annotations are up to a pixel beside its pixels: these are
# in the middle of the rounded size, and annotations at the corner of the exact one. Ours are where the
# pixels are: see tests/preprocessing/geometry.
WARPS = ("rotate", "affine", "perspective")


@pytest.mark.parametrize("case", CASES)
def test_annotations_are_torchvisions(case: str) -> None:
    name, spec = case.split(" ", 1)
    given = {key.split(" ")[1]: STORED[key] for key in STORED if key.endswith(f" {name}")}
    image = np.zeros((*given["mask"].shape, 3), np.uint8)
    geometry = Pipeline.parse(spec).geometry(image)
    warped = spec.startswith(WARPS)
    near = 1.0 if "expand" in spec else 1e-3
    for format_ in ("xyxy", "xywh", "cxcywh"):
        boxes, keep = geometry.boxes(given[format_], format_)
        # The sides of a box may differ by twice what its corners do.
        np.testing.assert_allclose(boxes, STORED[f"{format_} {case}"], rtol=0, atol=2 * near)
        if "expand" not in spec:
            np.testing.assert_array_equal(keep, STORED[f"keep {case}"])
    if "flip" not in spec:  # of torchvision's steps, these alone count points by pixels
        points, _ = geometry.points(given["points"])
        np.testing.assert_allclose(points, STORED[f"points {case}"], rtol=0, atol=near)
    expected = STORED[f"mask {case}"]
    equal = (geometry.mask(given["mask"]) == expected).mean()
    # Where a pixel comes from halfway between two, or from the edge, the last bit of float32 decides.
    assert equal >= (0.97 if warped else 1.0), equal
