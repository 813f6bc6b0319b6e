"""Rotations, affine maps, perspectives, rectangles erased.

In none a pixel comes from halfway between two, where ``nearest`` depends on the last bit of float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import torch
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it

from .base import Case, Transform

MODES = ("nearest", "bilinear")
PHOTOS = ("photo", "photo_float32", "photo_uint16")
TILTS = ("2,2,11,0,11,8,3,8", "2,0,12,0,10,7,2,9", "0,0,12,0,12,10,0,10")


def cases() -> Iterator[Case]:
    yield from _rotations()
    yield from _affine_maps()
    for name, mode, end in product(PHOTOS, MODES, TILTS):
        side = (5, 4) if name == "photo_uint16" else (12, 10)
        start = f"0,0,{side[0]},0,{side[0]},{side[1]},0,{side[1]}"
        call = _call(
            F.perspective, mode, startpoints=_points(start), endpoints=_points(end), fill=[0.25]
        )
        yield name, f"perspective:{start},endpoints={end},interpolation={mode},fill=0.25", call
    for box in ((0, 0, 3, 4), (2, 5, 30, 8), (10, 12, 1, 1)):
        for value in ("0", "7.9", "1,2,250"):
            spec = f"erase:{','.join(map(str, box))},value={value}"
            numbers = torch.tensor([float(word) for word in value.split(",")])[:, None, None]
            yield "photo", spec, lambda x, box=box, v=numbers: F.erase(x, *box, v)
    yield "photo", "random_erasing:0", v2.RandomErasing(0)
    yield "dot", "random_erasing:1,scale=1,1", v2.RandomErasing(1, (1, 1))


def _rotations() -> Iterator[Case]:
    for name, mode, angle, expand in product(PHOTOS, MODES, (31, -77.5, 401), (False, True)):
        spec = f"rotate:{angle},interpolation={mode},expand={str(expand).lower()}"
        yield name, spec, _call(F.rotate, mode, angle=angle, expand=expand, fill=[0.0])
    for angle in (0, 90, 180, 270, -90, 720):
        call = _call(F.rotate, "bilinear", angle=angle, expand=True, fill=[0.0])
        yield "photo", f"rotate:{angle},interpolation=bilinear,expand=true", call
    for fill in ("7", "5,100,250"):
        values = [float(word) for word in fill.split(",")]
        for mode in MODES:
            call = _call(F.rotate, mode, angle=25.0, center=[3.25, -1], fill=values)
            yield "photo", f"rotate:25,interpolation={mode},center=3.25,-1,fill={fill}", call
    call = _call(F.rotate, "bilinear", angle=45.0, fill=[0.0])
    yield "dot", "rotate:45,interpolation=bilinear", call
    call = _call(F.rotate, "nearest", angle=10.0, expand=True, fill=[0.0])
    yield "tall", "rotate:10,expand=true", call
    yield "photo", "random_rotation:33,33", v2.RandomRotation((33, 33))


def _affine_maps() -> Iterator[Case]:
    none = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0], "fill": [0.0]}
    for name, mode in product(PHOTOS, MODES):
        for spec, given in {
            "0,translate=2,-3": {"translate": [2, -3]},
            "20,scale=1.5": {"angle": 20.0, "scale": 1.5},
            "-131,translate=1,2,scale=0.6,shear=10,-20": {
                "angle": -131.0, "translate": [1, 2], "scale": 0.6, "shear": [10.0, -20.0]},
            "0,shear=30,0,center=1.5,9": {"shear": [30.0, 0.0], "center": [1.5, 9]},
        }.items():  # fmt: skip
            yield name, f"affine:{spec},interpolation={mode}", _call(F.affine, mode, **none | given)
    chosen = v2.RandomAffine((-9, -9), None, (0.9, 0.9), (12, 12, -7, -7), fill=3)
    yield "photo", "random_affine:-9,-9,scale=0.9,0.9,shear=12,12,-7,-7,fill=3", chosen
    still = v2.RandomPerspective(0, 1)
    yield "photo", "random_perspective:0,p=1", still


def _call(function: Callable[..., torch.Tensor], mode: str, **given: object) -> Transform:
    return lambda x: function(x, interpolation=InterpolationMode(mode), **given)


def _points(text: str) -> list[list[int]]:
    return [list(map(int, pair)) for pair in zip(*[iter(text.split(","))] * 2, strict=True)]
