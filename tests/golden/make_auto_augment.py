"""Make `auto_augment.npz`: what the real torchvision's TrivialAugmentWide and RandAugment do.

Run by hand, as `make_torchvision.py`::

    .venv-bench/bin/python tests/golden/make_auto_augment.py

For each policy and operation it holds the strengths of all bins, and what the weakest, a middle and the
strongest of them, with both signs, make of a picture. Keys are ``"<policy> <operation>"`` and
``"<policy> <operation> <bin> <sign>"``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torchvision
from torchvision.transforms import v2
from torchvision_cases.base import inputs

BINS = 31
POLICIES = {"trivial_augment_wide": v2.TrivialAugmentWide(), "rand_augment": v2.RandAugment()}


def main() -> None:
    """Write the picture, the strengths and the results."""
    picture = inputs()["photo"]
    image = torch.from_numpy(picture).permute(2, 0, 1).contiguous()
    arrays: dict[str, np.ndarray] = {
        "made by": np.array(f"torchvision {torchvision.__version__}"),
        "picture": picture,
    }
    for policy, transform in POLICIES.items():
        for operation, (strengths, signed) in transform._AUGMENTATION_SPACE.items():
            table = strengths(BINS, *image.shape[1:])
            arrays[f"{policy} {operation}"] = (
                np.zeros(0) if table is None else np.asarray(table, np.float64)
            )
            for number in (0, 13, BINS - 1):
                for sign in (1, -1) if signed else (1,):
                    strength = 0.0 if table is None else float(table[number]) * sign
                    result = transform._apply_image_or_video_transform(
                        image,
                        operation,
                        strength,
                        interpolation=transform.interpolation,
                        fill=transform._fill,
                    )
                    arrays[f"{policy} {operation} {number} {sign}"] = result.numpy()
    path = Path(__file__).with_name("auto_augment.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
