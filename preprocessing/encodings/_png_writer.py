"""A PNG writer for photographs.

Each pixel is filtered by its left neighbour, and rows are compressed with zlib. In photographs zlib
finds few repeated strings, so by default it only looks for runs, which is much faster. The bytes are the
same on every processor.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array

# PNG specification, 2nd edition, 11.2.2: colour type by number of channels
_COLOR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
_FILTER_SUB = 1
# Bytes of rows compressed between two checkpoints.
_STRIP_BYTES = 2**20


def write_png(image: Array, *, small: bool) -> bytes:
    """Write an image of shape (H, W, 1 to 4), uint8 or uint16, as PNG."""
    height, width, channels = image.shape
    depth = image.dtype.itemsize
    pixel = channels * depth
    rows = max(1, _STRIP_BYTES // (width * pixel))
    level, strategy = (9, zlib.Z_DEFAULT_STRATEGY) if small else (1, zlib.Z_RLE)
    packer = zlib.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
    header = struct.pack(">IIBBBBB", width, height, 8 * depth, _COLOR_TYPE[channels], 0, 0, 0)
    packed = []
    for start in range(0, height, rows):
        checkpoint()
        packed.append(packer.compress(_filtered(image[start : start + rows], pixel).data))
    packed.append(packer.flush())
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            *_chunk(b"IHDR", header),
            *_chunk(b"IDAT", *packed),
            *_chunk(b"IEND"),
        )
    )


def _filtered(image: Array, pixel: int) -> NDArray[np.uint8]:
    """Return rows of bytes, each after the number of its filter; `pixel` is the size of one pixel."""
    height, width = image.shape[:2]
    samples = np.ascontiguousarray(image, image.dtype.newbyteorder(">"))
    rows = samples.view(np.uint8).reshape(height, width * pixel)
    lines = np.empty((height, 1 + width * pixel), np.uint8)
    lines[:, 0] = _FILTER_SUB
    lines[:, 1 : 1 + pixel] = rows[:, :pixel]
    np.subtract(rows[:, pixel:], rows[:, :-pixel], out=lines[:, 1 + pixel :])
    return lines


def _chunk(kind: bytes, *data: bytes) -> tuple[bytes, ...]:
    """Return the parts of a chunk whose content is the concatenation of `data`."""
    checksum = zlib.crc32(kind)
    for part in data:
        checksum = zlib.crc32(part, checksum)
    return struct.pack(">I", sum(map(len, data))), kind, *data, struct.pack(">I", checksum)
