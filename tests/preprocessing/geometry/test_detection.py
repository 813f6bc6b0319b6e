"""The example for detection: the draws that it passes to torchvision are those of the pipeline.

torchvision is not here. `tests/golden/test_tv_tensors.py` holds the same steps to what it made.
"""

from __future__ import annotations

import runpy

import numpy as np
import pytest

from preprocessing import Pipeline, Seed
from tests.paths import ROOT
from tests.photos import photo

EXAMPLE = runpy.run_path(str(ROOT / "examples/detection.py"))


@pytest.mark.parametrize("epoch", range(8))
def test_the_draws_are_those_of_the_pipeline(epoch: int) -> None:
    pipeline, size = EXAMPLE["PIPELINE"], EXAMPLE["SIZE"]
    data, seed = photo("coffee"), Seed(epoch, "coffee.jpg")
    geometry = pipeline.geometry(data, seed=seed)
    top, left, height, width, flipped = EXAMPLE["drawn"](geometry)
    fixed = f"crop:{top},{left},{height},{width}/resize:{size},{size}"
    again = Pipeline.parse(fixed + "/horizontal_flip" * flipped + "/npy")
    np.testing.assert_array_equal(again(data), pipeline(data, seed=seed))
    assert again.geometry(data) == geometry


def test_each_box_holds_its_ellipse() -> None:
    boxes = np.array([annotation["bbox"] for annotation in EXAMPLE["ANNOTATIONS"]])
    mask = EXAMPLE["mask_of"](boxes, (512, 512))
    for number, (left, top, width, height) in enumerate(boxes, 1):
        rows, columns = np.nonzero(mask == number)
        assert left <= columns.min() <= columns.max() < left + width
        assert top <= rows.min() <= rows.max() < top + height
