"""Brightness, contrast, saturation, hue, sharpness, gamma; and the jitter that leaves no choice."""

from __future__ import annotations

from collections.abc import Iterator

from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it

from .base import Case

PHOTOS = ("photo", "photo_uint16", "photo_float16", "photo_float32")
SHAPES = ("gray", "dot", "tall", "stark")
FACTORS = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "sharpness": F.adjust_sharpness,
}


def cases() -> Iterator[Case]:
    for name, function in FACTORS.items():
        for factor in (0.0, 0.3, 1.0, 1.7, 4.5):
            for photo in PHOTOS if factor == 1.7 else ("photo",):
                yield photo, f"adjust_{name}:{factor}", _with(function, factor)
        for shape in SHAPES:
            yield shape, f"adjust_{name}:0.6", _with(function, 0.6)
    for factor in (-0.5, -0.21, 0.0, 0.1, 0.37, 0.5):
        # It lets the white of uint16 overflow.
        for photo in PHOTOS if factor == 0.1 else ("photo", "photo_float32"):
            yield photo, f"adjust_hue:{factor}", _with(F.adjust_hue, factor)
    for shape in SHAPES:
        yield shape, "adjust_hue:0.2", _with(F.adjust_hue, 0.2)
    for gamma in (0.0, 0.45, 1.0, 2.2):
        for photo in PHOTOS if gamma == 2.2 else ("photo", "photo_float32"):
            yield photo, f"adjust_gamma:{gamma}", _with(F.adjust_gamma, gamma)
    yield "photo", "adjust_gamma:0.8,gain=1.3", _with(F.adjust_gamma, 0.8, 1.3)
    yield "photo_float32", "adjust_gamma:0.8,gain=1.3", _with(F.adjust_gamma, 0.8, 1.3)
    yield "gray", "adjust_gamma:1.5", _with(F.adjust_gamma, 1.5)
    yield "photo", "color_jitter", v2.ColorJitter()
    for key in ("brightness", "contrast", "saturation"):
        jitter = v2.ColorJitter(**{key: (1.4, 1.4)})
        yield "photo", f"color_jitter:{key}=1.4,1.4", jitter
    yield "photo", "color_jitter:hue=0.3,0.3", v2.ColorJitter(hue=(0.3, 0.3))


def _with(function, *arguments):
    return lambda image: function(image, *arguments)
