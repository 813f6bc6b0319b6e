"""Gray, normalisation, types."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torchvision.transforms import v2

from .base import Case

DTYPES = ("uint8", "uint16", "float16", "float32")
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def cases() -> Iterator[Case]:
    for name in ("photo", "photo_float32"):
        yield name, "grayscale", v2.Grayscale()
    yield "dot", "grayscale:num_output_channels=3", v2.Grayscale(3)
    normalize = v2.Normalize(*IMAGENET)
    yield "photo_float32", "normalize:imagenet", normalize
    yield (
        "photo",
        "normalize:imagenet",
        v2.Compose([v2.ToDtype(torch.float32, scale=True), normalize]),
    )
    yield (
        "photo_float32",
        "normalize:0.1,0.2,0.3,std=0.5,0.6,2",
        v2.Normalize([0.1, 0.2, 0.3], [0.5, 0.6, 2]),
    )
    for before in DTYPES:
        name = "photo" if before == "uint8" else f"photo_{before}"
        for after in DTYPES:
            for scale in (False, True):
                spec = f"to_dtype:{after},scale={str(scale).lower()}"
                if (before, after, scale) not in OUT_OF_RANGE:
                    yield name, spec, v2.ToDtype(getattr(torch, after), scale=scale)


# In these torchvision's own intermediate values overflow: it wraps around or gives infinity.
OUT_OF_RANGE = {
    ("uint16", "uint8", False),
    ("uint16", "float16", False),
    ("uint16", "float16", True),
    ("float16", "uint16", True),
}
