"""Masks of class ids: what torchvision does to ``tv_tensors.Mask`` in the steps that move pixels.

In none a pixel comes from halfway between two, where ``nearest`` depends on the last bit of float32.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it
from torchvision.tv_tensors import Mask

from .base import Case, Transform

START, END = "0,0,12,0,12,10,0,10", "2,2,11,0,11,8,3,8"


def cases() -> Iterator[Case]:
    for spec, call in _steps().items():
        yield "mask", f"index/{spec}", lambda x, call=call: call(Mask(x)).as_subclass(torch.Tensor)


def _steps() -> dict[str, Transform]:
    steps: dict[str, Transform] = {
        f"resize:{size}": v2.Resize([int(side) for side in size.split(",")])
        for size in ("5", "6,7", "23", "30,9", "4,40")
    }
    for mode in ("bicubic", "bilinear"):  # torchvision ignores it for masks, too
        steps[f"resize:7,interpolation={mode}"] = v2.Resize([7], InterpolationMode(mode))
    steps |= {
        "center_crop:8": v2.CenterCrop(8),
        "center_crop:20": v2.CenterCrop(20),
        "crop:-2,3,9,30": lambda x: F.crop(x, -2, 3, 9, 30),
        "horizontal_flip": F.horizontal_flip,
        "vertical_flip": F.vertical_flip,
        "pad:3": v2.Pad(3),
        "pad:1,2,3,4,fill=255": v2.Pad([1, 2, 3, 4], fill=255),
        "random_horizontal_flip:1": v2.RandomHorizontalFlip(1),
        "random_vertical_flip:1": v2.RandomVerticalFlip(1),
        "random_resized_crop:6,9,scale=1,1,ratio=1.1818,1.1819": v2.RandomResizedCrop(
            [6, 9], (1, 1), (1.1818, 1.1819)
        ),
        "random_crop:11,13": v2.RandomCrop([11, 13]),
        "random_rotation:33,33": v2.RandomRotation((33, 33)),
        "random_affine:-9,-9,scale=0.9,0.9": v2.RandomAffine((-9, -9), None, (0.9, 0.9)),
        "random_perspective:0,p=1": v2.RandomPerspective(0, 1),
        f"perspective:{START},endpoints={END}": lambda x: F.perspective(
            x, _points(START), _points(END), fill=0
        ),
        "affine:20,scale=1.5": lambda x: F.affine(x, 20.0, [0, 0], 1.5, [0.0, 0.0]),
    }
    for mode in ("edge", "reflect", "symmetric"):
        steps[f"pad:2,padding_mode={mode}"] = v2.Pad(2, padding_mode=mode)
    for expand in (False, True):
        steps[f"rotate:31,expand={str(expand).lower()}"] = lambda x, expand=expand: F.rotate(
            x, 31, InterpolationMode.BILINEAR, expand=expand
        )
    return steps


def _points(text: str) -> list[list[int]]:
    return [list(map(int, pair)) for pair in zip(*[iter(text.split(","))] * 2, strict=True)]
