"""TIFF files written field by field."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np


def written(
    fields: Mapping[int, int | list[int] | bytes],
    strips: list[bytes],
    *,
    order: str = "<",
    big: bool = False,
) -> bytes:
    """Return a TIFF with these fields and strips."""
    head, size, word = (16, 20, "Q") if big else (8, 12, "I")
    at, offsets = head, []
    for strip in strips:
        offsets.append(at)
        at += len(strip)
    given = {273: offsets, 279: [len(strip) for strip in strips], **fields}
    start, extra, entries = at, b"", b""
    after = start + (8 if big else 2) + size * len(given) + (8 if big else 4)
    for tag, value in sorted(given.items()):
        values = [value] if isinstance(value, int) else value
        kind = 7 if isinstance(value, bytes) else 3 if tag == 320 else 16 if big else 4
        letter = {7: "B", 3: "H", 4: "I", 16: "Q"}[kind]
        packed = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(packed) > (8 if big else 4):
            place = struct.pack(order + word, after + len(extra))
            extra += packed
        else:
            place = packed.ljust(8 if big else 4, b"\0")
        entries += struct.pack(f"{order}HH{word}", tag, kind, len(values)) + place
    count = struct.pack(order + ("Q" if big else "H"), len(given))
    magic = struct.pack(
        order + ("HHHQ" if big else "HI"), *((43, 8, 0, start) if big else (42, start))
    )
    mark = b"II" if order == "<" else b"MM"
    return mark + magic + b"".join(strips) + count + entries + bytes(8 if big else 4) + extra


def gray(samples: np.ndarray, bits: int, sense: int, order: str = "<", **more: int) -> bytes:
    """Return a TIFF of gray samples: high bits first, and 16 bits in the file's byte order."""
    height, width = samples.shape
    if bits == 16:
        rows = [row.astype(f"{order}u2").tobytes() for row in samples]
    else:
        planes = (samples[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
        rows = [
            row.tobytes()
            for row in np.packbits(planes.reshape(height, -1).astype(np.uint8), axis=1)
        ]
    fields = {256: width, 257: height, 258: bits, 259: 1, 262: sense, 277: 1, 278: height, **more}
    return written(fields, [b"".join(rows)], order=order)
