"""Gaussian blur."""

from __future__ import annotations

from collections.abc import Iterator

from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it

from .base import Case

PHOTOS = ("photo", "photo_uint16", "photo_float16", "photo_float32")


def cases() -> Iterator[Case]:
    for photo in PHOTOS:
        yield photo, "blur:5", lambda x: F.gaussian_blur(x, [5, 5])
        yield photo, "blur:9,3,sigma=1.5,0.6", lambda x: F.gaussian_blur(x, [9, 3], [1.5, 0.6])
    for photo in ("photo", "photo_float32", "stark"):
        yield photo, "blur:21,sigma=3.0", lambda x: F.gaussian_blur(x, [21, 21], [3.0, 3.0])
        yield photo, "gaussian_blur:7,sigma=0.1", v2.GaussianBlur(7, 0.1)
        yield photo, "gaussian_blur:7,5,sigma=2.0,2.0", v2.GaussianBlur((7, 5), (2.0, 2.0))
    yield "gray", "blur:3", lambda x: F.gaussian_blur(x, [3, 3])
    yield "dot", "blur:1", lambda x: F.gaussian_blur(x, [1, 1])
    yield "tall", "blur:1,5", lambda x: F.gaussian_blur(x, [1, 5])
