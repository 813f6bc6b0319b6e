"""Make `torchvision.npz`: what the real torchvision v2 does, for every transform.

Run by hand, in an environment of its own, when a case is added::

    python -m venv /tmp/golden && /tmp/golden/bin/pip install torch torchvision numpy pillow
    /tmp/golden/bin/python tests/golden/make_torchvision.py

Knows nothing of `preprocessing`: each case pairs the spelling that users write with the torchvision
call that it promises to equal. The key of an expected array is ``"<input> <spec>"``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  torchvision's own name for it

Transform = Callable[[torch.Tensor], torch.Tensor]
Case = tuple[str, str, Transform]

SIZES = ("4,5", "15,7", "1,2", "5", "12", "6,max_size=7")
DTYPES = ("uint8", "uint16", "float16", "float32")
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def inputs() -> dict[str, np.ndarray]:
    """Small pictures, (H, W, C): waves and noise far from black and white, sides odd or of one pixel.

    ``stark`` is black and white, where torchvision clips between the two passes of a resize.
    """
    random = np.random.default_rng(20261123)
    result = {}
    for name, (height, width) in {"photo": (11, 13), "tall": (17, 1), "dot": (1, 1)}.items():
        y, x, c = np.ogrid[:height, :width, :3]
        picture = 127 + 50 * np.sin(y / 3.1 + c) * np.cos(x / 4.3 - c)
        picture = picture + random.normal(0, 15, picture.shape)
        result[name] = picture.astype(np.uint8)
    result["gray"] = result["photo"][:, :, 1:2].copy()
    result["stark"] = np.where(result["photo"] > 127, np.uint8(255), np.uint8(0))
    result["photo_uint16"] = random.integers(0, 65536, (5, 6, 3), np.uint16)
    result["photo_float16"] = random.random((5, 6, 3)).astype(np.float16)
    noise = random.normal(0, 1e-3, result["photo"].shape)
    result["photo_float32"] = (result["photo"] / 255.0 + noise).astype(np.float32)
    return result


def resize_cases() -> Iterator[Case]:
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
                    v2.Resize(**_size(size), interpolation=mode, antialias=antialias),
                )
        for size in ("4,3", "2"):
            resize = v2.Resize(**_size(size), interpolation=mode, antialias=True)
            yield "tall", f"resize:{size},interpolation={name}", resize
        yield "stark", f"resize:4,5,interpolation={name}", v2.Resize([4, 5], interpolation=mode)
        yield "dot", f"resize:3,2,interpolation={name}", v2.Resize([3, 2], interpolation=mode)
        yield "gray", f"resize:4,5,interpolation={name}", v2.Resize([4, 5], interpolation=mode)
    for name, mode in plain.items():
        for size in ("4,5", "13,9"):
            for antialias in (True, False):
                spec = f"resize:{size},interpolation={name},antialias={str(antialias).lower()}"
                resize = v2.Resize(**_size(size), interpolation=mode, antialias=antialias)
                yield "photo_float32", spec, resize
    for size in SIZES:  # torchvision has it for PIL images only
        lanczos = v2.Resize(**_size(size), interpolation=InterpolationMode.LANCZOS)
        yield "photo", f"resize:{size},interpolation=lanczos", _by_pil(lanczos)


def _size(text: str) -> dict[str, object]:
    values, _, max_size = text.partition(",max_size=")
    size = [int(word) for word in values.split(",")]
    return {"size": size, "max_size": int(max_size) if max_size else None}


def _by_pil(transform: v2.Transform) -> Transform:
    def call(image: torch.Tensor) -> torch.Tensor:
        picture = Image.fromarray(image.permute(1, 2, 0).numpy())
        return torch.from_numpy(np.array(transform(picture))).permute(2, 0, 1)

    return call


def geometry_cases() -> Iterator[Case]:
    for size in ("6", "7", "6,5", "14", "11,13", "4,16"):
        yield "gray", f"center_crop:{size}", v2.CenterCrop(_size(size)["size"])
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


def color_cases() -> Iterator[Case]:
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


def main() -> None:
    """Write the inputs and what torchvision makes of them."""
    arrays = {f"input {name}": image for name, image in inputs().items()}
    arrays["made by"] = np.array(
        f"torchvision {torchvision.__version__}, torch {torch.__version__}"
    )
    for cases in (resize_cases, geometry_cases, color_cases):
        for name, spec, transform in cases():
            tensor = torch.from_numpy(arrays[f"input {name}"]).permute(2, 0, 1).contiguous()
            arrays[f"{name} {spec}"] = transform(tensor).numpy()
    path = Path(__file__).with_name("torchvision.npz")
    np.savez_compressed(path, **arrays)
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
