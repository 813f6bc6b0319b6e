"""Negatives, posters, histograms; at random where nothing is left to chance."""

from __future__ import annotations

from collections.abc import Iterator

from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it

from .base import Case

PHOTOS = ("photo", "photo_uint16", "photo_float16", "photo_float32")


def cases() -> Iterator[Case]:
    for photo in (*PHOTOS, "gray"):
        yield photo, "invert", F.invert
        yield photo, "autocontrast", F.autocontrast
        for bits in (0, 3, 8):
            yield photo, f"posterize:{bits}", lambda x, bits=bits: F.posterize(x, bits)
        if photo != "photo_float16":  # its white overflows to black in torchvision
            yield photo, "equalize", F.equalize
    for threshold in (0, 99.5, 128, 255):
        yield "photo", f"solarize:{threshold}", lambda x, t=threshold: F.solarize(x, t)
    for photo in ("photo_float16", "photo_float32"):
        for threshold in (-0.5, 0.4, 1):
            yield photo, f"solarize:{threshold}", lambda x, t=threshold: F.solarize(x, t)
    for shape in ("dot", "tall", "stark", "steps"):
        yield shape, "autocontrast", F.autocontrast
        yield shape, "equalize", F.equalize
    for p in (0, 1):
        yield "photo", f"random_invert:{p}", v2.RandomInvert(p)
        yield "photo", f"random_posterize:2,p={p}", v2.RandomPosterize(2, p)
        yield "photo", f"random_solarize:90,p={p}", v2.RandomSolarize(90, p)
        yield "photo", f"random_autocontrast:{p}", v2.RandomAutocontrast(p)
        yield "photo", f"random_equalize:{p}", v2.RandomEqualize(p)
        yield "photo", f"random_adjust_sharpness:2,p={p}", v2.RandomAdjustSharpness(2, p)
        for name in ("photo", "gray", "photo_float32"):
            yield name, f"random_grayscale:{p}", v2.RandomGrayscale(p)
