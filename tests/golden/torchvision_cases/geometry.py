"""Crops, borders, flips."""

from __future__ import annotations

from collections.abc import Iterator

from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it

from .base import Case
from .resize import read_size


def cases() -> Iterator[Case]:
    for size in ("6", "7", "6,5", "14", "11,13", "4,16"):
        yield "gray", f"center_crop:{size}", v2.CenterCrop(read_size(size)["size"])
    for box in ((0, 0, 3, 4), (2, 5, 8, 8), (-3, -2, 7, 7), (9, 12, 4, 5), (-2, -2, 15, 17)):
        yield "gray", "crop:" + ",".join(map(str, box)), lambda x, box=box: F.crop(x, *box)
    for name in ("photo_uint16", "dot"):
        yield name, "center_crop:3,8", v2.CenterCrop((3, 8))
        yield name, "crop:-1,0,2,2", lambda x: F.crop(x, -1, 0, 2, 2)
        yield name, "horizontal_flip", v2.RandomHorizontalFlip(p=1)
        yield name, "vertical_flip", v2.RandomVerticalFlip(p=1)
    for mode in ("constant", "edge", "reflect", "symmetric"):
        for padding in ("3", "1,4", "1,2,3,4", "0"):
            sides = [int(word) for word in padding.split(",")]
            sides = sides[0] if len(sides) == 1 else sides
            pad = v2.Pad(sides, padding_mode=mode)
            yield "gray", f"pad:{padding},padding_mode={mode}", pad
        yield "photo_float16", f"pad:1,padding_mode={mode}", v2.Pad(1, padding_mode=mode)
    yield "dot", "pad:2,fill=127", v2.Pad(2, fill=127)
    yield "photo_uint16", "pad:1,fill=500", v2.Pad(1, fill=500)
    yield "photo_float16", "pad:1,fill=0.5", v2.Pad(1, fill=0.5)
