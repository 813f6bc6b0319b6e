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
    at, kept, components, progressive = 2, 0, 0, False
    while at + 10 < len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind == _START_OF_SCAN:
            return kept if progressive or data[at + 4] < components else 0
        if 0xC0 <= kind <= 0xCF and kind not in _NO_FRAMES:
            progressive = kind & 3 == 2
            components = data[at + 9]
            kept = _kept(data, at, components)
        at += 1 if kind == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return kept


def _kept(data: bytes, frame: int, components: int) -> int:
    """Return two bytes for each sample, of whole blocks."""
    height, width = (int.from_bytes(data[frame + i : frame + i + 2]) for i in (5, 7))
    factors = [
        data[frame + 11 + 3 * i] for i in range(components) if frame + 11 + 3 * i < len(data)
    ]
    across, down = (max((f >> shift & 15 for f in factors), default=1) or 1 for shift in (4, 0))
    columns, rows = -(-width // (8 * across)), -(-height // (8 * down))
    return sum(2 * 64 * columns * rows * (f >> 4) * (f & 15) for f in factors)
