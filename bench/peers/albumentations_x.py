"""AlbumentationsX on OpenCV's decode."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import albumentations as A  # noqa: N812  as everybody calls it
import cv2
import numpy as np

from bench.peers.base import Peer, each, npy_body, shorter_to

if TYPE_CHECKING:
    from bench.peers.base import Box, Floats, Pixels

AREA = cv2.INTER_AREA


def _compose(*steps: Any) -> A.Compose:
    return A.Compose(steps, telemetry=False)


_GRAY = _compose(A.Resize(224, 224, interpolation=AREA))
_EVALUATION = _compose(
    A.SmallestMaxSize(256, interpolation=AREA), A.CenterCrop(224, 224), A.Normalize()
)


@cache
def _thumbnail(height: int, width: int) -> A.Compose:
    """SmallestMaxSize would round the longer side up where the others round it down."""
    return _compose(A.Resize(height, width, interpolation=AREA))


@cache
def _given(box: Box, flip: bool) -> A.Compose:
    top, left, height, width = box
    crop = A.Crop(x_min=left, y_min=top, x_max=left + width, y_max=top + height)
    mirror = (A.HorizontalFlip(p=1),) if flip else ()
    return _compose(crop, A.Resize(224, 224, interpolation=AREA), *mirror, A.Normalize())


def _decode(data: bytes, flag: int = cv2.IMREAD_COLOR_RGB) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), flag)


def p1(data: bytes) -> Pixels:
    image: Pixels = _GRAY(image=_decode(data, cv2.IMREAD_GRAYSCALE))["image"]
    return image


def p1_png(data: bytes) -> bytes:
    return cv2.imencode(".png", p1(data))[1].tobytes()


def p1_jpeg(data: bytes) -> bytes:
    return cv2.imencode(".jpg", p1(data), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def _evaluate(image: Pixels, out: Floats) -> None:
    np.copyto(out, _EVALUATION(image=image)["image"].transpose(2, 0, 1))


def p2(data: bytes) -> bytearray:
    body, out = npy_body()
    _evaluate(_decode(data), out)
    return body


def p3(data: bytes, box: Box, flip: bool) -> Floats:
    image = _given(box, flip)(image=_decode(data))["image"]
    return np.ascontiguousarray(image.transpose(2, 0, 1))


def p4(data: bytes) -> Pixels:
    image: Pixels = _decode(data)
    resized: Pixels = _thumbnail(*shorter_to(224, *image.shape[:2]))(image=image)["image"]
    return resized


PEERS = [
    Peer(
        "albumentationsx",
        "cv2.imdecode, then Compose with INTER_AREA (its default, INTER_LINEAR, is not antialiased)",
        {
            "p1": p1,
            "p1_png": p1_png,
            "p1_jpeg": p1_jpeg,
            "p2": p2,
            "p3": p3,
            "p4": p4,
            "p5": each(_evaluate),
        },
        ("albumentationsx", "opencv-python-headless"),
    )
]
