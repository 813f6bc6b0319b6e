"""simplejpeg and cykooz.resizer, the binding of Rust's fast_image_resize."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg
from cykooz_resizer import (
    CropBox,
    FilterType,
    ImageData,
    PixelType,
    ResizeAlg,
    ResizeOptions,
    Resizer,
)

from bench.peers.base import (
    Peer,
    as_npy,
    centred,
    each,
    normalise,
    normalised,
    reduction,
    shorter_to,
)

if TYPE_CHECKING:
    from bench.peers.base import Box, Floats, Pixels

_BILINEAR = ResizeAlg.convolution(FilterType.bilinear)
_TYPES = {1: PixelType.U8, 3: PixelType.U8x3}


class _PerThread(threading.local):
    """Return the resizer of this thread; it has buffers that threads cannot share."""

    def __init__(self) -> None:
        self.resizer = Resizer()


_own = _PerThread()


def _resize(image: Pixels, height: int, width: int, box: CropBox | None = None) -> Pixels:
    """Resize (H, W, C). The resizer takes and returns bytes, so two cheap copies are needed."""
    kind = _TYPES[image.shape[2]]
    source = ImageData(image.shape[1], image.shape[0], kind, image.tobytes())
    target = ImageData(width, height, kind)
    options = ResizeOptions(_BILINEAR, use_alpha=False, crop_box=box)
    _own.resizer.resize(source, target, options)
    return np.frombuffer(target.get_buffer(), np.uint8).reshape(height, width, image.shape[2])


def _decode(data: bytes, size: int) -> tuple[Pixels, tuple[int, int]]:
    """Return pixels, reduced as far as allowed, and the size with the shorter side `size`."""
    held = simplejpeg.decode_jpeg_header(data)[:2]
    wanted = shorter_to(size, *held)
    k = reduction(held, wanted)
    height, width = (-(-side // k) for side in held)
    image = simplejpeg.decode_jpeg(data, min_height=height, min_width=width, min_factor=k)
    return image, wanted


def _gray(data: bytes) -> Pixels:
    return _resize(simplejpeg.decode_jpeg(data, "GRAY"), 224, 224)


def p1(data: bytes) -> Pixels:
    return _gray(data)[:, :, 0]


def p1_jpeg(data: bytes) -> bytes:
    return simplejpeg.encode_jpeg(_gray(data), quality=90, colorspace="GRAY")


def p2(data: bytes) -> bytearray:
    image, wanted = _decode(data, 256)
    return as_npy(_evaluated(image, *wanted))


def p3(data: bytes, box: Box, flip: bool) -> Floats:
    top, left, height, width = box
    image = simplejpeg.decode_jpeg(data)
    image = _resize(image, 224, 224, CropBox(left, top, width, height))
    return normalised(image[:, ::-1] if flip else image)


def p4(data: bytes) -> Pixels:
    image, wanted = _decode(data, 224)
    return _resize(image, *wanted)


def _evaluated(image: Pixels, height: int, width: int) -> Pixels:
    """Resample only what the centre crop keeps."""
    top, left = centred(height, width)
    y, x = image.shape[0] / height, image.shape[1] / width
    return _resize(image, 224, 224, CropBox(left * x, top * y, 224 * x, 224 * y))


def _evaluate(image: Pixels, out: Floats) -> None:
    normalise(_evaluated(image, *shorter_to(256, *image.shape[:2])), out)


PEERS = [
    Peer(
        "simplejpeg + cykooz",
        "scaled decode at a gap of 2, Rust SIMD resize of what the crop keeps, normalised in place",
        {"p1": p1, "p1_jpeg": p1_jpeg, "p2": p2, "p3": p3, "p4": p4, "p5": each(_evaluate)},
        ("simplejpeg", "cykooz-resizer"),
    )
]
