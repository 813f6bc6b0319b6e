"""Resize."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

from .base import Case, Transform

SIZES = ("4,5", "15,7", "1,2", "5", "12", "6,max_size=7")


def cases() -> Iterator[Case]:
    plain = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}
    nearest = {
        "nearest": InterpolationMode.NEAREST,
        "nearest_exact": InterpolationMode.NEAREST_EXACT,
    }
    for name, mode in (plain | nearest).items():
        for size in SIZES:
            for antialias in (True, False) if name in plain else (True,):
                spec = f"resize:{size},interpolation={name},antialias={str(antialias).lower()}"
                yield (
                    "photo",
                    spec,
                    v2.Resize(**read_size(size), interpolation=mode, antialias=antialias),
                )
        for size in ("4,3", "2"):
            resize = v2.Resize(**read_size(size), interpolation=mode, antialias=True)
            yield "tall", f"resize:{size},interpolation={name}", resize
        yield "stark", f"resize:4,5,interpolation={name}", v2.Resize([4, 5], interpolation=mode)
        yield "dot", f"resize:3,2,interpolation={name}", v2.Resize([3, 2], interpolation=mode)
        yield "gray", f"resize:4,5,interpolation={name}", v2.Resize([4, 5], interpolation=mode)
    for name, mode in plain.items():
        for size in ("4,5", "13,9"):
            for antialias in (True, False):
                spec = f"resize:{size},interpolation={name},antialias={str(antialias).lower()}"
                resize = v2.Resize(**read_size(size), interpolation=mode, antialias=antialias)
                yield "photo_float32", spec, resize
    for size in SIZES:  # torchvision has it for PIL images only
        lanczos = v2.Resize(**read_size(size), interpolation=InterpolationMode.LANCZOS)
        yield "photo", f"resize:{size},interpolation=lanczos", _by_pil(lanczos)


def read_size(text: str) -> dict[str, object]:
    values, _, max_size = text.partition(",max_size=")
    size = [int(word) for word in values.split(",")]
    return {"size": size, "max_size": int(max_size) if max_size else None}


def _by_pil(transform: v2.Transform) -> Transform:
    def call(image: torch.Tensor) -> torch.Tensor:
        picture = Image.fromarray(image.permute(1, 2, 0).numpy())
        return torch.from_numpy(np.array(transform(picture))).permute(2, 0, 1)

    return call
