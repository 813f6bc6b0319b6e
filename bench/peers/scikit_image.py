"""scikit-image, as AWS's article on Object Lambda preprocessing used it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from skimage.color import rgb2gray
from skimage.transform import resize
from skimage.util import img_as_ubyte

from bench.peers.base import MEAN, STD, Peer, centred, shorter_to

if TYPE_CHECKING:
    from bench.peers.base import Box, Floats, Pixels


def _read(data: bytes) -> Pixels:
    return np.array(Image.open(BytesIO(data)))


def p1(data: bytes) -> Pixels:
    return img_as_ubyte(resize(rgb2gray(_read(data)), (224, 224), anti_aliasing=True))


def p1_png(data: bytes) -> bytes:
    return _written(p1(data), "PNG")


def p1_jpeg(data: bytes) -> bytes:
    return _written(p1(data), "JPEG", quality=90)


def p2(data: bytes) -> bytes:
    stream = BytesIO()
    np.save(stream, _evaluation(_read(data)))
    return stream.getvalue()


def p3(data: bytes, box: Box, flip: bool) -> Floats:
    top, left, height, width = box
    image = resize(
        _read(data)[top : top + height, left : left + width], (224, 224), anti_aliasing=True
    )
    return _normalised(image[:, ::-1] if flip else image)


def p4(data: bytes) -> Pixels:
    image = _read(data)
    return img_as_ubyte(resize(image, shorter_to(224, *image.shape[:2]), anti_aliasing=True))


def p5(batch: Pixels) -> Floats:
    return np.stack([_evaluation(image) for image in batch])


def _evaluation(image: Pixels) -> Floats:
    image = resize(image, shorter_to(256, *image.shape[:2]), anti_aliasing=True)
    top, left = centred(*image.shape[:2])
    return _normalised(image[top : top + 224, left : left + 224])


def _normalised(image: Any) -> Floats:
    planar = ((image - MEAN) / STD).transpose(2, 0, 1).astype(np.float32)
    return np.ascontiguousarray(planar)


def _written(image: Pixels, kind: str, **options: int) -> bytes:
    stream = BytesIO()
    Image.fromarray(image).save(stream, kind, **options)
    return stream.getvalue()


PEERS = [
    Peer(
        "scikit-image (the article's)",
        "np.array(Image.open), rgb2gray, resize(anti_aliasing=True): Gaussian, then bilinear; float64",
        {
            "p1": p1,
            "p1_png": p1_png,
            "p1_jpeg": p1_jpeg,
            "p2": p2,
            "p3": p3,
            "p4": p4,
            "p5": p5,
        },
        ("scikit-image", "pillow"),
        gray="rec709",
    )
]
