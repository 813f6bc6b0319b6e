"""Comparison of `exact` with torchvision on the same decoded pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import simplejpeg

from bench.reference import levels, psnr
from preprocessing import Pipeline

if TYPE_CHECKING:
    from bench.cases import Case

FLOATS = "exact/resize:256/center_crop:224/normalize:imagenet/npy"
INTEGERS = "exact/resize:256/center_crop:224/npy"


def against_torchvision(cases: list[Case]) -> dict[str, float]:
    """Return the least PSNR of float32 and the largest difference of uint8, over all of P2's images."""
    try:
        import torch
        from torchvision.transforms.v2 import functional as F  # noqa: N812
    except ImportError:
        return {}
    floats, integers = Pipeline.parse(FLOATS), Pipeline.parse(INTEGERS)
    ratios, differences = [], []
    for case in cases:
        for (data,) in case.inputs if case.pipeline == "p2" else ():
            image = torch.from_numpy(simplejpeg.decode_jpeg(data)).permute(2, 0, 1)
            theirs = [
                F.center_crop(F.resize(pixels, [256], antialias=True), [224, 224]).numpy()
                for pixels in (image.float(), image)
            ]
            ratios.append(psnr([levels("p5", floats(data)) - theirs[0]]))
            difference = integers(data).astype(np.int16) - theirs[1]
            differences.append(int(np.abs(difference).max()))
    return {"float32_psnr_db": min(ratios), "uint8_levels": max(differences)}
