"""torchvision's transforms v2, on tensors and on Pillow's images."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torchvision.io import ImageReadMode, decode_jpeg, encode_jpeg, encode_png
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F  # noqa: N812  as everybody calls it

from bench.peers.base import MEAN, STD, Peer, npy_body

if TYPE_CHECKING:
    from bench.peers.base import Box, Floats, Pixels

# Its decoder is deprecated in favour of TorchCodec, but users still have it.
warnings.filterwarnings("ignore", category=DeprecationWarning, module="torchvision")
# bytes are not writable, and nothing here writes to them
warnings.filterwarnings("ignore", message="The given buffer is not writable")


def _decode(data: bytes, mode: ImageReadMode = ImageReadMode.RGB) -> torch.Tensor:
    return decode_jpeg(torch.frombuffer(data, dtype=torch.uint8), mode)


def _gray(data: bytes) -> torch.Tensor:
    return F.resize(_decode(data, ImageReadMode.GRAY), [224, 224], antialias=True)


def _normalised(image: torch.Tensor) -> torch.Tensor:
    return F.normalize(F.to_dtype(image, torch.float32, scale=True), MEAN, STD, inplace=True)


def _evaluated(image: torch.Tensor) -> torch.Tensor:
    return _normalised(F.center_crop(F.resize(image, [256], antialias=True), [224, 224]))


def _npy(image: torch.Tensor) -> bytearray:
    body, out = npy_body()
    torch.from_numpy(out).copy_(image)
    return body


def p1(data: bytes) -> Pixels:
    return _gray(data)[0].numpy()


def p1_png(data: bytes) -> bytes:
    return encode_png(_gray(data)).numpy().tobytes()


def p1_jpeg(data: bytes) -> bytes:
    return encode_jpeg(_gray(data), 90).numpy().tobytes()


def p2(data: bytes) -> bytearray:
    return _npy(_evaluated(_decode(data)))


def p3(data: bytes, box: Box, flip: bool) -> Floats:
    image = F.resized_crop(_decode(data), *box, [224, 224], antialias=True)
    return _normalised(F.horizontal_flip(image) if flip else image).contiguous().numpy()


def p4(data: bytes) -> Pixels:
    return F.resize(_decode(data), [224], antialias=True).permute(1, 2, 0).numpy()


def p5(batch: Pixels) -> Floats:
    return _evaluated(torch.from_numpy(batch).permute(0, 3, 1, 2)).contiguous().numpy()


def _open(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB")


_GRAY = v2.Compose([v2.Grayscale(), v2.Resize((224, 224))])
_TENSOR = (v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD))
_EVALUATION = v2.Compose([v2.Resize(256), v2.CenterCrop(224), *_TENSOR])
_THUMBNAIL = v2.Resize(224)
_AS_TENSOR = v2.Compose(_TENSOR)


def pil_p3(data: bytes, box: Box, flip: bool) -> Floats:
    image = F.resized_crop(_open(data), *box, [224, 224])
    return _contiguous(_AS_TENSOR(F.horizontal_flip(image) if flip else image))


def pil_p5(batch: Pixels) -> Floats:
    return torch.stack([_EVALUATION(Image.fromarray(image)) for image in batch]).numpy()


def _contiguous(image: torch.Tensor) -> Floats:
    return image.contiguous().numpy()


PEERS = [
    Peer(
        "torchvision v2, tensors",
        "decode_jpeg, functional.resize(antialias=True) on uint8, normalize in place",
        {
            "p1": p1,
            "p1_png": p1_png,
            "p1_jpeg": p1_jpeg,
            "p2": p2,
            "p3": p3,
            "p4": p4,
            "p5": p5,
        },
        ("torchvision", "torch"),
    ),
    Peer(
        "torchvision v2, PIL",
        "Pillow's images through v2.Compose, as ImageFolder datasets do",
        {
            "p1": lambda data: np.asarray(_GRAY(_open(data))),
            "p2": lambda data: _npy(_EVALUATION(_open(data))),
            "p3": pil_p3,
            "p4": lambda data: np.asarray(_THUMBNAIL(_open(data))),
            "p5": pil_p5,
        },
        ("torchvision", "pillow"),
    ),
]
