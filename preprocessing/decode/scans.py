"""How much libjpeg holds of a JPEG whose picture comes in several scans."""

from __future__ import annotations

# ITU-T T.81, table B.1: a start of frame is C0 to CF, but for C4, C8 and CC; C2, C6, CA and CE are
# progressive.
_NO_FRAMES = frozenset({0xC4, 0xC8, 0xCC})
_START_OF_SCAN = 0xDA


def coefficients(data: bytes) -> int:
    """Return the bytes of the coefficients that are kept until the last scan; 0 of one scan alone.

    Where the segments cannot be walked, the decoder does not get as far either.
    """
    at, frame, last = 2, 0, len(data) - 10
    while at < last and data[at] == 0xFF:
        kind = data[at + 1]
        if kind == _START_OF_SCAN:
            break
        if kind & 0xF0 == 0xC0 and kind not in _NO_FRAMES:
            frame = at
        at += 1 if kind == 0xFF else 2 + (data[at + 2] << 8 | data[at + 3])
    if not frame or (at < last and data[frame + 1] & 3 != 2 and data[at + 4] >= data[frame + 9]):
        return 0
    return _kept(data, frame, data[frame + 9])


def _kept(data: bytes, frame: int, components: int) -> int:
    """Return two bytes for each sample, of whole blocks."""
    height, width = (int.from_bytes(data[frame + i : frame + i + 2]) for i in (5, 7))
    factors = [
        data[frame + 11 + 3 * i] for i in range(components) if frame + 11 + 3 * i < len(data)
    ]
    across, down = (max((f >> shift & 15 for f in factors), default=1) or 1 for shift in (4, 0))
    columns, rows = -(-width // (8 * across)), -(-height // (8 * down))
    return sum(2 * 64 * columns * rows * (f >> 4) * (f & 15) for f in factors)
