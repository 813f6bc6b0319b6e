"""Pillow, in the obvious way and in the way that its documentation advises."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bench.peers.base import (
    MEAN,
    STD,
    Peer,
    as_npy,
    centred,
    each,
    normalise,
    normalised,
    shorter_to,
)

if TYPE_CHECKING:
    from bench.peers.base import Box, Floats, Pixels

BILINEAR = Image.Resampling.BILINEAR
FLIP = Image.Transpose.FLIP_LEFT_RIGHT
# The smallest size that Image.thumbnail decodes, as a multiple of the target size.
GAP = 2.0


def _gray(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("L").resize((224, 224), BILINEAR)


def _tuned_gray(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.draft("L", (int(224 * GAP), int(224 * GAP)))
    return image.resize((224, 224), BILINEAR, reducing_gap=GAP)


def _p2_image(image: Image.Image) -> Image.Image:
    height, width = shorter_to(256, image.height, image.width)
    top, left = centred(height, width)
    return image.resize((width, height), BILINEAR).crop((left, top, left + 224, top + 224))


def _p2_tuned_image(image: Image.Image) -> Image.Image:
    """Resample only the crop, from the smallest decode that is large enough."""
    height, width = shorter_to(256, image.height, image.width)
    top, left = centred(height, width)
    image.draft("RGB", (int(width * GAP), int(height * GAP)))
    y, x = image.height / height, image.width / width
    box = (left * x, top * y, (left + 224) * x, (top + 224) * y)
    return image.resize((224, 224), BILINEAR, box=box, reducing_gap=GAP)


def _plain_normalised(image: Image.Image) -> Floats:
    pixels = np.asarray(image, np.float32) / 255
    planar = ((pixels - np.array(MEAN, np.float32)) / np.array(STD, np.float32)).transpose(2, 0, 1)
    return np.ascontiguousarray(planar)


def p2(data: bytes) -> bytes:
    stream = BytesIO()
    np.save(stream, _plain_normalised(_p2_image(Image.open(BytesIO(data)).convert("RGB"))))
    return stream.getvalue()


def p2_tuned(data: bytes) -> bytearray:
    return as_npy(np.asarray(_p2_tuned_image(Image.open(BytesIO(data)))))


def p3(data: bytes, box: Box, flip: bool) -> Floats:
    top, left, height, width = box
    opened = Image.open(BytesIO(data)).convert("RGB")
    image = opened.crop((left, top, left + width, top + height)).resize((224, 224), BILINEAR)
    return _plain_normalised(image.transpose(FLIP) if flip else image)


def p3_tuned(data: bytes, box: Box, flip: bool) -> Floats:
    top, left, height, width = box
    box_ = (left, top, left + width, top + height)
    pixels = np.asarray(Image.open(BytesIO(data)).resize((224, 224), BILINEAR, box=box_))
    return normalised(pixels[:, ::-1] if flip else pixels)


def p4(data: bytes) -> Pixels:
    image = Image.open(BytesIO(data)).convert("RGB")
    height, width = shorter_to(224, image.height, image.width)
    return np.asarray(image.resize((width, height), BILINEAR))


def p4_tuned(data: bytes) -> Pixels:
    image = Image.open(BytesIO(data))
    height, width = shorter_to(224, image.height, image.width)
    image.draft("RGB", (int(width * GAP), int(height * GAP)))
    return np.asarray(image.resize((width, height), BILINEAR, reducing_gap=GAP))


def _p5_one(pixels: Pixels, out: Floats) -> None:
    out[:] = _plain_normalised(_p2_image(Image.fromarray(pixels)))


def _p5_tuned_one(pixels: Pixels, out: Floats) -> None:
    normalise(np.asarray(_p2_tuned_image(Image.fromarray(pixels))), out)


def _written(image: Image.Image, kind: str, **options: int) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


PEERS = [
    Peer(
        "Pillow, plain",
        "open, convert, resize, crop; then numpy, an operation at a time",
        {
            "p1": lambda data: np.asarray(_gray(data)),
            "p1_png": lambda data: _written(_gray(data), "PNG"),
            "p1_jpeg": lambda data: _written(_gray(data), "JPEG", quality=90),
            "p2": p2,
            "p3": p3,
            "p4": p4,
            "p5": each(_p5_one),
        },
        ("pillow", "numpy"),
    ),
    Peer(
        "Pillow, tuned",
        "draft mode at a gap of 2, reducing_gap, only the crop resampled, normalised in place",
        {
            "p1": lambda data: np.asarray(_tuned_gray(data)),
            "p1_png": lambda data: _written(_tuned_gray(data), "PNG", compress_level=1),
            "p1_jpeg": lambda data: _written(_tuned_gray(data), "JPEG", quality=90),
            "p2": p2_tuned,
            "p3": p3_tuned,
            "p4": p4_tuned,
            "p5": each(_p5_tuned_one),
        },
        ("pillow",),
    ),
]
