"""Random crops, flips: the cases in which nothing is left to chance."""

from __future__ import annotations

from collections.abc import Iterator

from torchvision.transforms import InterpolationMode, v2

from .base import Case


def cases() -> Iterator[Case]:
    for p in (0, 1):
        yield "gray", f"random_horizontal_flip:{p}", v2.RandomHorizontalFlip(p)
        yield "gray", f"random_vertical_flip:{p}", v2.RandomVerticalFlip(p)
    yield "gray", "random_crop:11,13", v2.RandomCrop((11, 13))
    for mode in ("constant", "edge", "reflect", "symmetric"):
        crop = v2.RandomCrop((14, 21), padding=[3, 1, 5, 2], padding_mode=mode)
        yield "gray", f"random_crop:14,21,padding=3,1,5,2,padding_mode={mode}", crop
    crop = v2.RandomCrop((15, 17), padding=2, fill=7, pad_if_needed=True)
    yield "gray", "random_crop:15,17,padding=2,fill=7,pad_if_needed=true", crop
    # No rectangle of such a ratio has all of the area, so that all ten tries fail.
    for ratio in ((2, 3), (0.2, 0.7)):
        crop = v2.RandomResizedCrop((7, 5), (1, 1), ratio)
        yield "photo", f"random_resized_crop:7,5,scale=1,1,ratio={ratio[0]},{ratio[1]}", crop
    crop = v2.RandomResizedCrop(6, (1, 1), (3, 3), InterpolationMode.NEAREST)
    yield "photo", "random_resized_crop:6,scale=1,1,ratio=3,3,interpolation=nearest", crop
