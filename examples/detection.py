"""Move COCO's boxes and masks with a photograph, and compare with torchvision v2 on the same draws.

    pip install '.[demo]' torchvision
    python examples/detection.py

Each epoch draws a crop, a size and a flip. The way of the pixels is known from the photograph's header;
torchvision gets the crop that was drawn, and moves its own boxes and mask by it.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from jitprep.cli.demo_data.photos import photographs
from preprocessing import Geometry, Pipeline, Seed

SIZE = 320
PIPELINE = Pipeline.parse(f"random_resized_crop:{SIZE},scale=0.3,1/random_horizontal_flip/npy")
EPOCHS = 20
# As in COCO's JSON: left, top, width, height. Three places of `astronaut`.
ANNOTATIONS = [
    {"category_id": 1, "bbox": [170.0, 50.0, 100.0, 130.0]},
    {"category_id": 2, "bbox": [0.0, 300.0, 130.0, 200.0]},
    {"category_id": 3, "bbox": [390.0, 10.0, 60.0, 240.0]},
]
TOLERANCE = 0.5  # pixels


class Drawn(NamedTuple):
    """What was drawn: the crop, and whether its result was flipped."""

    top: int
    left: int
    height: int
    width: int
    flipped: bool


def drawn(geometry: Geometry) -> Drawn:
    """Return the draws that a geometry shows: the corners of the result lie at those of the crop."""
    height, width = geometry.result
    corners, _ = geometry.inverse.points([[0, 0], [width, height]])
    (left, top), (right, bottom) = corners.min(axis=0).round(), corners.max(axis=0).round()
    flipped = bool(geometry.matrix[0, 0] < 0)
    return Drawn(int(top), int(left), int(bottom - top), int(right - left), flipped)


def mask_of(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return class ids, 0 for the background: an ellipse in each box."""
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    mask = np.zeros(size, np.uint8)
    for number, (left, top, width, height) in enumerate(boxes, 1):
        middle = left + width / 2, top + height / 2
        ellipse = ((x - middle[0]) / width) ** 2 + ((y - middle[1]) / height) ** 2 < 0.25
        mask[ellipse] = number
    return mask


def by_torchvision(
    boxes: np.ndarray, mask: np.ndarray, crop: Drawn
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the boxes, which to keep, and the mask, as torchvision moves them."""
    import torch  # noqa: PLC0415  the tests do without torchvision
    from torchvision import tv_tensors  # noqa: PLC0415
    from torchvision.transforms import InterpolationMode  # noqa: PLC0415
    from torchvision.transforms.v2 import functional as F  # noqa: N812, PLC0415  its own name

    def moved(given: Any) -> Any:
        cut = F.crop(given, *crop[:4])
        resized = F.resize(cut, [SIZE, SIZE], interpolation=InterpolationMode.NEAREST_EXACT)
        return F.horizontal_flip(resized) if crop.flipped else resized

    size = mask.shape
    given = tv_tensors.BoundingBoxes(torch.tensor(boxes), format="XYWH", canvas_size=size)
    found = F.clamp_bounding_boxes(moved(given))
    corners = F.convert_bounding_box_format(found, new_format="XYXY")
    _, keep = F.sanitize_bounding_boxes(corners)
    return found.numpy(), keep.numpy(), moved(tv_tensors.Mask(torch.tensor(mask))).numpy()


def main() -> int:
    """Print the largest difference of each epoch; return 1 if one is above the tolerance."""
    photo = photographs()["astronaut.jpg"]
    boxes = np.array([annotation["bbox"] for annotation in ANNOTATIONS])
    worst = 0.0
    for epoch in range(EPOCHS):
        geometry = PIPELINE.geometry(photo, seed=Seed(epoch, "astronaut.jpg"))
        ours, keep = geometry.boxes(boxes, "xywh")
        mask = mask_of(boxes, geometry.source)
        theirs, kept, other = by_torchvision(boxes, mask, drawn(geometry))
        distance = float(np.abs(ours - theirs).max())
        equal = float((geometry.mask(mask) == other).mean())
        print(f"epoch {epoch:2}: boxes within {distance:.4f} px, mask {equal:.2%} equal")
        worst = max(worst, distance, 0.0 if (keep == kept).all() and equal > 0.999 else 1.0)
    return int(worst > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
