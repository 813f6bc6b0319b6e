"""kornia-rs: bilinear, which skips pixels; bicubic, which can be antialiased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kornia_rs
import numpy as np

from bench.peers.base import Peer, centred, each, normalise, npy_body, shorter_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.peers.base import Box, Floats, Pixels

_decode = kornia_rs.io.decode_image_jpeg


class _Kornia:
    """The pipelines, for one interpolation."""

    def __init__(self, interpolation: str) -> None:
        self.interpolation = interpolation

    def _resize(self, image: Pixels, height: int, width: int) -> Any:
        return kornia_rs.imgproc.resize(
            image, (height, width), self.interpolation, self.interpolation != "bilinear"
        )

    def p1(self, data: bytes) -> Pixels:
        # The other order would be less work, but kornia resizes only three channels.
        return kornia_rs.imgproc.gray_from_rgb(self._resize(_decode(data), 224, 224))[:, :, 0]

    def evaluate(self, image: Pixels, out: Floats) -> None:
        image = self._resize(image, *shorter_to(256, *image.shape[:2]))
        top, left = centred(*image.shape[:2])
        normalise(image[top : top + 224, left : left + 224], out)

    def p2(self, data: bytes) -> bytearray:
        body, out = npy_body()
        self.evaluate(_decode(data), out)
        return body

    def p3(self, data: bytes, box: Box, flip: bool) -> Floats:
        top, left, height, width = box
        image = np.ascontiguousarray(_decode(data)[top : top + height, left : left + width])
        image = self._resize(image, 224, 224)
        out = np.empty((3, 224, 224), np.float32)
        return normalise(image[:, ::-1] if flip else image, out)

    def p4(self, data: bytes) -> Pixels:
        image = _decode(data)
        resized: Pixels = self._resize(image, *shorter_to(224, *image.shape[:2]))
        return resized

    def operations(self) -> dict[str, Callable[..., Any]]:
        p5 = each(self.evaluate)
        return {"p1": self.p1, "p2": self.p2, "p3": self.p3, "p4": self.p4, "p5": p5}


PEERS = [
    Peer(
        "kornia-rs, bicubic",
        "its decoder (zune-jpeg) and its resize, bicubic with antialias",
        _Kornia("bicubic").operations(),
        ("kornia-rs",),
    ),
    Peer(
        "kornia-rs, bilinear",
        "the same, bilinear: two by two neighbours, however much the image shrinks",
        _Kornia("bilinear").operations(),
        ("kornia-rs",),
        antialiased=False,
    ),
]
