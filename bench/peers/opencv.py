"""OpenCV: INTER_AREA, which averages; with a reduced decode; and INTER_LINEAR, which skips pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import simplejpeg

from bench.peers.base import SCALE, SHIFT, Peer, centred, each, npy_body, reduction, shorter_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.peers.base import Box, Floats, Pixels

_REDUCED = {
    1: 0,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,  # the scale alone: gray is the absence of colour
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


class _OpenCV:
    """The pipelines, for one interpolation."""

    def __init__(self, interpolation: int, *, reduced: bool) -> None:
        self.interpolation, self.reduced = interpolation, reduced

    def p1(self, data: bytes) -> Pixels:
        return self._resize(_decode(data, cv2.IMREAD_GRAYSCALE), 224, 224)

    def p1_png(self, data: bytes) -> bytes:
        return cv2.imencode(".png", self.p1(data))[1].tobytes()

    def p1_jpeg(self, data: bytes) -> bytes:
        return cv2.imencode(".jpg", self.p1(data), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()

    def p2(self, data: bytes) -> bytearray:
        body, out = npy_body()
        image, size = self._decode_for(data, 256)
        self._evaluate(image, out, size)
        return body

    def p3(self, data: bytes, box: Box, flip: bool) -> Floats:
        top, left, height, width = box
        image = _decode(data, cv2.IMREAD_COLOR_RGB)[top : top + height, left : left + width]
        image = self._resize(image, 224, 224)
        return _normalise(
            cv2.flip(image, 1) if flip else image, np.empty((3, 224, 224), np.float32)
        )

    def p4(self, data: bytes) -> Pixels:
        image, size = self._decode_for(data, 224)
        return self._resize(image, *size)

    def one_of_p5(self, image: Pixels, out: Floats) -> None:
        self._evaluate(image, out, shorter_to(256, *image.shape[:2]))

    def _evaluate(self, image: Pixels, out: Floats, size: tuple[int, int]) -> None:
        top, left = centred(*size)
        image = self._resize(image, *size)[top : top + 224, left : left + 224]
        _normalise(image, out)

    def _decode_for(self, data: bytes, size: int) -> tuple[Pixels, tuple[int, int]]:
        """Return the decoded image, and the height and width with the shorter side made `size`."""
        if not self.reduced:
            image = _decode(data, cv2.IMREAD_COLOR_RGB)
            return image, shorter_to(size, *image.shape[:2])
        held = simplejpeg.decode_jpeg_header(data)[:2]  # OpenCV cannot read only a header
        wanted = shorter_to(size, *held)
        return _decode(data, cv2.IMREAD_COLOR_RGB | _REDUCED[reduction(held, wanted)]), wanted

    def _resize(self, image: Pixels, height: int, width: int) -> Any:
        return cv2.resize(image, (width, height), interpolation=self.interpolation)

    def operations(self) -> dict[str, Callable[..., Any]]:
        return {
            "p1": self.p1,
            "p1_png": self.p1_png,
            "p1_jpeg": self.p1_jpeg,
            "p2": self.p2,
            "p3": self.p3,
            "p4": self.p4,
            "p5": each(self.one_of_p5),
        }


def _decode(data: bytes, flag: int) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)


def _normalise(image: Pixels, out: Floats) -> Floats:
    for plane, place, scale, shift in zip(cv2.split(image), out, SCALE, SHIFT, strict=True):
        np.multiply(plane, scale, out=place)
        np.add(place, shift, out=place)
    return out


def _reduced_operations() -> dict[str, Callable[..., Any]]:
    """Only the pipelines in which a reduced decode helps."""
    peer = _OpenCV(cv2.INTER_AREA, reduced=True)
    return {"p2": peer.p2, "p4": peer.p4}


PEERS = [
    Peer(
        "OpenCV INTER_AREA",
        "imdecode, resize with INTER_AREA (a box filter), split and normalise",
        _OpenCV(cv2.INTER_AREA, reduced=False).operations(),
        ("opencv-python-headless",),
    ),
    Peer(
        "OpenCV INTER_AREA, reduced",
        "the same after IMREAD_REDUCED_*, at least twice the size wanted",
        _reduced_operations(),
        ("opencv-python-headless",),
    ),
    Peer(
        "OpenCV INTER_LINEAR",
        "resize's default: two by two neighbours, however much the image shrinks",
        _OpenCV(cv2.INTER_LINEAR, reduced=False).operations(),
        ("opencv-python-headless",),
        antialiased=False,
    ),
]
