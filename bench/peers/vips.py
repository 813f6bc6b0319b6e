"""libvips: thumbnail, which decodes a JPEG scaled and reduces by Lanczos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyvips
import simplejpeg

from bench.peers.base import Peer, as_npy, centred, each, normalise, normalised, shorter_to

if TYPE_CHECKING:
    from bench.peers.base import Box, Floats, Pixels

# Without this, libvips would answer the second call from its cache.
pyvips.cache_set_max(0)


def _thumbnail(data: bytes, height: int, width: int) -> Any:
    return pyvips.Image.thumbnail_buffer(data, width, height=height, size="force", no_rotate=True)


def _gray(data: bytes) -> Any:
    return _thumbnail(data, 224, 224).colourspace("b-w")


def _size(data: bytes, size: int) -> tuple[int, int]:
    return shorter_to(size, *simplejpeg.decode_jpeg_header(data)[:2])


def p1(data: bytes) -> Pixels:
    return _gray(data).numpy()


def p1_png(data: bytes) -> bytes:
    return _gray(data).pngsave_buffer(compression=1)


def p1_jpeg(data: bytes) -> bytes:
    return _gray(data).jpegsave_buffer(Q=90)


def p2(data: bytes) -> bytearray:
    height, width = _size(data, 256)
    top, left = centred(height, width)
    return as_npy(_thumbnail(data, height, width).crop(left, top, 224, 224).numpy())


def p3(data: bytes, box: Box, flip: bool) -> Floats:
    top, left, height, width = box
    image = pyvips.Image.new_from_buffer(data, "").crop(left, top, width, height)
    image = image.thumbnail_image(224, height=224, size="force")
    return normalised((image.fliphor() if flip else image).numpy())


def p4(data: bytes) -> Pixels:
    return _thumbnail(data, *_size(data, 224)).numpy()


def _evaluate(pixels: Pixels, out: Floats) -> None:
    height, width = shorter_to(256, *pixels.shape[:2])
    top, left = centred(height, width)
    image = pyvips.Image.new_from_array(pixels)
    image = image.thumbnail_image(width, height=height, size="force")
    normalise(image.crop(left, top, 224, 224).numpy(), out)


PEERS = [
    Peer(
        "pyvips",
        "thumbnail_buffer, shrinking as it loads, Lanczos; its operation cache off",
        {
            "p1": p1,
            "p1_png": p1_png,
            "p1_jpeg": p1_jpeg,
            "p2": p2,
            "p3": p3,
            "p4": p4,
            "p5": each(_evaluate),
        },
        ("pyvips", "pyvips-binary"),
    )
]
