"""Make `tv_tensors.npz`: where the real torchvision v2 moves boxes, points and masks.

Run by hand, in an environment that has torchvision, when a case is added::

    make .venv-bench/stamp
    .venv-bench/bin/python tests/golden/make_tv_tensors.py

Knows nothing of `preprocessing`. The keys of an expected array are ``"<what> <input> <spec>"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it

Call = Callable[[Any], Any]
SIZES = {"wide": (40, 60), "tall": (60, 40), "odd": (37, 53)}
HERE = Path(__file__).parent


def calls() -> Iterator[tuple[str, Call]]:
    """Yield how users spell each case, and the torchvision call that it promises to equal."""
    exact = partial(F.resize, interpolation=InterpolationMode.NEAREST_EXACT)
    yield "resize:20", partial(exact, size=[20])
    yield "resize:97,31", partial(exact, size=[97, 31])
    yield "resize:30,max_size=40", partial(exact, size=[30], max_size=40)
    yield "center_crop:24", partial(F.center_crop, output_size=[24, 24])
    yield "center_crop:70,30", partial(F.center_crop, output_size=[70, 30])
    yield "crop:-3,5,20,50", partial(F.crop, top=-3, left=5, height=20, width=50)
    yield "pad:1,2,3,4", partial(F.pad, padding=[1, 2, 3, 4])
    yield "horizontal_flip", F.horizontal_flip
    yield "vertical_flip", F.vertical_flip
    for angle in (17, 90, -120):
        yield f"rotate:{angle}", partial(F.rotate, angle=angle)
        yield f"rotate:{angle},expand=true", partial(F.rotate, angle=angle, expand=True)
    yield "rotate:30,center=5,9", partial(F.rotate, angle=30, center=[5, 9])
    given = {"angle": 20.0, "translate": [3, -4], "scale": 0.8, "shear": [8.0, -5.0]}
    yield "affine:20,translate=3,-4,scale=0.8,shear=8,-5", partial(F.affine, **given)
    start, end = (0, 0, 39, 0, 39, 36, 0, 36), (4, 2, 35, 0, 38, 30, 1, 36)
    spec = f"perspective:{_text(start)},endpoints={_text(end)},interpolation=nearest"
    yield (
        spec,
        partial(
            F.perspective,
            startpoints=_pairs(start),
            endpoints=_pairs(end),
            interpolation=InterpolationMode.NEAREST,
        ),
    )

    # As a random resized crop and a flip draw them, and as a detector is trained.
    box = {"top": 3, "left": 5, "height": 30, "width": 27}
    spec = "crop:3,5,30,27/resize:24,32,interpolation=nearest_exact/horizontal_flip"
    yield (
        spec,
        lambda x: F.horizontal_flip(exact(F.crop(x, **box), size=[24, 32])),
    )
    spec = "resize:64,interpolation=nearest_exact/center_crop:50/vertical_flip/pad:7"
    yield (
        spec,
        lambda x: F.pad(F.vertical_flip(F.center_crop(exact(x, size=[64]), [50, 50])), [7]),
    )


def annotations(height: int, width: int) -> dict[str, Any]:
    """Return boxes in three formats, points, and a mask of class ids, of an image of this size."""
    random = np.random.default_rng(20261130)
    corners = np.sort(random.uniform(-4, 64, (12, 2, 2)), axis=1).reshape(-1, 4)
    edges = [[0, 0, width, height], [0, 0, 1, 1], [width - 1, height - 1, width, height]]
    xyxy = torch.from_numpy(np.concatenate([corners, edges]).astype(np.float64))
    size = (height, width)
    made: dict[str, Any] = {}
    for name in ("XYXY", "XYWH", "CXCYWH"):
        boxes = tv_tensors.BoundingBoxes(xyxy, format="XYXY", canvas_size=size)
        made[name.lower()] = F.convert_bounding_box_format(boxes, new_format=name)
    points = torch.from_numpy(random.uniform(0, 1, (20, 2)) * [width - 1, height - 1])
    made["points"] = tv_tensors.KeyPoints(points, canvas_size=size)
    coarse = random.integers(0, 81, (height // 4 + 1, width // 4 + 1), np.uint8)
    mask = np.kron(coarse, np.ones((4, 4), np.uint8))[:height, :width]
    made["mask"] = tv_tensors.Mask(torch.from_numpy(mask.copy()))
    return made


def main() -> None:
    """Write the file."""
    versions = f"torchvision {torchvision.__version__}, torch {torch.__version__}"
    arrays = {"made by": np.array(versions)}
    for name, size in SIZES.items():
        given = annotations(*size)
        arrays |= {f"input {what} {name}": value.numpy() for what, value in given.items()}
        for spec, call in calls():
            for what, value in given.items():
                moved = call(value)
                if what == "xyxy":
                    moved = F.clamp_bounding_boxes(moved)
                    _, keep = F.sanitize_bounding_boxes(moved)
                    arrays[f"keep {name} {spec}"] = keep.numpy()
                elif what in ("xywh", "cxcywh"):
                    moved = F.clamp_bounding_boxes(moved)
                arrays[f"{what} {name} {spec}"] = moved.numpy()
    path = HERE / "tv_tensors.npz"
    np.savez_compressed(path, **arrays)
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")  # noqa: T201


def _text(corners: tuple[int, ...]) -> str:
    return ",".join(map(str, corners))


def _pairs(corners: tuple[int, ...]) -> list[list[int]]:
    return [list(pair) for pair in zip(*[iter(corners)] * 2, strict=True)]


if __name__ == "__main__":
    main()
