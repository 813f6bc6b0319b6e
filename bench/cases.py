"""The pipelines P1 to P5 and their images."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import simplejpeg

from bench import photos

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.peers.base import Box

PIPELINES = {
    "p1": "JPEG -> gray -> 224×224 antialiased -> uint8",
    "p1_png": "P1, written as PNG",
    "p1_jpeg": "P1, written as JPEG of quality 90",
    "p2": "JPEG -> resize 256 -> centre crop 224 -> normalise -> CHW float32 .npy",
    "p3": "JPEG -> a given random crop, resized to 224×224 -> flip -> normalise -> CHW float32",
    "p4": "JPEG -> shorter side 224 -> uint8",
    "p5": "a decoded uint8 batch -> resize 256 -> centre crop 224 -> normalise -> CHW float32",
}
BATCH = 64
CROPS = 16


@dataclass(frozen=True)
class Case:
    """One column of the table.

    Parameters
    ----------
    name : str
    pipeline : str
        A key of `PIPELINES`, and of a peer's operations.
    inputs : tuple of tuples
        The arguments of the operation for each image. The case's time is the median over the images.
    """

    name: str
    pipeline: str
    inputs: tuple[tuple[Any, ...], ...]


def cases() -> list[Case]:
    """Return the columns, in order."""
    small = [photos.small(name) for name in photos.SMALL]
    one = tuple((data,) for data in small)
    return [
        Case("P1 500", "p1", one),
        Case("P1 PNG", "p1_png", one),
        Case("P1 JPEG", "p1_jpeg", one),
        Case("P2 500", "p2", one),
        Case("P2 1 MP", "p2", ((photos.mosaic(864, 1152),),)),
        Case("P2 4 MP", "p2", ((photos.mosaic(1728, 2304),),)),
        Case("P3 500", "p3", crops(small)),
        Case("P4 12 MP", "p4", ((photos.mosaic(3000, 4000),),)),
        Case("P5 batch", "p5", ((batch(small),),)),
    ]


def batch(small: list[bytes]) -> NDArray[np.uint8]:
    """Return `BATCH` decoded photographs, (N, 375, 500, 3)."""
    decoded = [simplejpeg.decode_jpeg(data) for data in small]
    return np.stack([decoded[i % len(decoded)] for i in range(BATCH)])


def crops(small: list[bytes]) -> tuple[tuple[bytes, Box, bool], ...]:
    """Return photographs with crops and flips, drawn once, as torchvision's RandomResizedCrop draws."""
    random = Random(3)  # noqa: S311  the same crops in every run
    return tuple(
        (small[i % len(small)], draw(random, *photos.SIZE), random.random() < 0.5)
        for i in range(CROPS)
    )


def draw(random: Random, height: int, width: int) -> Box:
    """Return top, left, height, width: scale 0.08 to 1, aspect ratio 3/4 to 4/3, at most ten tries."""
    for _ in range(10):
        area = height * width * random.uniform(0.08, 1.0)
        ratio = exp(random.uniform(log(3 / 4), log(4 / 3)))
        h, w = round(sqrt(area / ratio)), round(sqrt(area * ratio))
        if 0 < h <= height and 0 < w <= width:
            return random.randint(0, height - h), random.randint(0, width - w), h, w
    return 0, 0, height, width
