"""What every group of cases is made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

Transform = Callable[[torch.Tensor], torch.Tensor]
# The input's name, the spelling that users write, and the torchvision call that it promises to equal.
Case = tuple[str, str, Transform]


def inputs() -> dict[str, np.ndarray]:
    """Small pictures, (H, W, C): waves and noise far from black and white, sides odd or of one pixel.

    ``stark`` is black and white, where torchvision clips between the two passes of a resize.
    """
    random = np.random.default_rng(20261123)
    result = {}
    for name, (height, width) in {"photo": (11, 13), "tall": (17, 1), "dot": (1, 1)}.items():
        y, x, c = np.ogrid[:height, :width, :3]
        picture = 127 + 50 * np.sin(y / 3.1 + c) * np.cos(x / 4.3 - c)
        picture = picture + random.normal(0, 15, picture.shape)
        result[name] = picture.astype(np.uint8)
    result["gray"] = result["photo"][:, :, 1:2].copy()
    result["stark"] = np.where(result["photo"] > 127, np.uint8(255), np.uint8(0))
    result["photo_uint16"] = random.integers(0, 65536, (5, 6, 3), np.uint16)
    result["photo_float16"] = random.random((5, 6, 3)).astype(np.float16)
    # 1200 samples a channel, so that there are levels enough for a histogram to be evened out.
    grid = np.add.outer(np.arange(30) // 3, np.arange(40) // 2) * 7
    result["steps"] = np.stack([40 + grid, 20 + grid // 2, 99 + 0 * grid], axis=2).astype(np.uint8)
    noise = random.normal(0, 1e-3, result["photo"].shape)
    result["photo_float32"] = (result["photo"] / 255.0 + noise).astype(np.float32)
    # A mask with regions of several pixels, and single ones between them.
    ids = np.add.outer(np.arange(11) // 3, np.arange(13) // 4) * 3 % 21
    ids[::4, ::5] = 255
    result["mask"] = ids.astype(np.uint8)[:, :, None]
    return result
