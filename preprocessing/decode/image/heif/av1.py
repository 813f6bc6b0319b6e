"""The largest frame of an AV1 sequence, from its header: AV1 Bitstream and Decoding Process, 5.5."""

from __future__ import annotations

from preprocessing.decode.image.faults import damaged

_SEQUENCE_HEADER = 1


def frame_size(data: bytes) -> tuple[int, int]:
    """Return the largest width and height that a frame of a coded picture can have.

    Raises
    ------
    CorruptSource
        If the picture does not have a sequence header.
    """
    at = 0
    while at < len(data):
        kind, has_extension, has_size = data[at] >> 3 & 15, data[at] & 4, data[at] & 2
        at += 2 if has_extension else 1
        size, at = _leb128(data, at) if has_size else (len(data) - at, at)
        if kind == _SEQUENCE_HEADER:
            return _largest(_Bits(data[at : at + size]))
        at += size
    raise damaged("AVIF", "a coded picture has no sequence header")


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at
    raise damaged("AVIF", "a coded picture is cut off")


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data[:256]), 8 * len(data[:256])

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise damaged("AVIF", "the sequence header of a coded picture is cut off")
        return self._value >> self._left & ((1 << count) - 1)


def _largest(bits: _Bits) -> tuple[int, int]:
    bits.read(4)  # profile, still picture
    reduced = bits.read(1)
    if reduced:
        bits.read(5)
    else:
        _skip_operating_points(bits)
    across, down = bits.read(4) + 1, bits.read(4) + 1
    width, height = bits.read(across) + 1, bits.read(down) + 1
    return width, height


def _skip_operating_points(bits: _Bits) -> None:
    delay = 0
    if timing := bits.read(1):
        bits.read(64)
        if bits.read(1):
            _skip_exponential(bits)
        if model := bits.read(1):
            delay = bits.read(5) + 1
            bits.read(42)
    display = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if timing and model and bits.read(1):
            bits.read(2 * delay + 1)
        if display and bits.read(1):
            bits.read(4)


def _skip_exponential(bits: _Bits) -> None:
    zeros = 0
    while not bits.read(1):
        zeros += 1
    bits.read(min(zeros, 32))
