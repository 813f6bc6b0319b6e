"""The size and depth of a coded HEVC picture, from its parameter sets: ITU-T H.265, 7.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEQUENCE_PARAMETERS = 33
_CODED = 32  # types of units below this are slices
_LONGEST = 256  # bytes of a parameter set that are read; what is wanted comes first
_RECORD = 23  # bytes of a configuration record before its parameter sets
_MOST_UNITS = 2**16


@frozen
class CodedPicture:
    """What one coded picture takes: its pixels, the edges that are not shown included, and its bits."""

    pixels: int
    bits: int


def coded_picture(record: bytes, data: bytes) -> CodedPicture:
    """Return the largest size and depth of any parameter set of a picture.

    Parameters
    ----------
    record : bytes
        The configuration record ``hvcC``: ISO/IEC 14496-15, 8.3.2.1.
    data : bytes
        The item, whose units have their lengths before them.

    Raises
    ------
    CorruptSource
        If there is no parameter set, or not one picture.
    """
    if len(record) < _RECORD:
        raise damaged("HEIC", "the configuration of a coded picture is cut off")
    sets: list[bytes | memoryview] = [
        unit for unit in _listed(record) if _type(unit) == _SEQUENCE_PARAMETERS
    ]
    pictures = 0
    for unit in _prefixed(data, (record[21] & 3) + 1):
        if _type(unit) == _SEQUENCE_PARAMETERS:
            sets.append(unit)
        # The bit after the header says that a slice is the first of its picture.
        pictures += _type(unit) < _CODED and len(unit) > 2 and unit[2] >> 7
    if not sets:
        raise damaged("HEIC", "a coded picture has no parameter set")
    if pictures != 1:
        raise damaged("HEIC", f"an item has {pictures} coded pictures instead of one")
    found = [_parsed(unit) for unit in sets]
    return CodedPicture(max(one.pixels for one in found), max(one.bits for one in found))


def _type(unit: bytes | memoryview) -> int:
    """Return the type of a unit of the base layer; -1 for another layer, which is not decoded."""
    if len(unit) < 2 or unit[0] & 1 or unit[1] >> 3:
        return 64
    return unit[0] >> 1 & 63


def _listed(record: bytes) -> Iterator[bytes]:
    """Yield the units of a configuration record."""
    at = _RECORD
    for _ in range(record[22]):
        count = int.from_bytes(record[at + 1 : at + 3])
        at += 3
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2])
            unit = record[at + 2 : at + 2 + size]
            if at + 2 > len(record) or len(unit) < size:
                raise damaged("HEIC", "the configuration of a coded picture is cut off")
            yield unit
            at += 2 + size


def _prefixed(data: bytes, width: int) -> Iterator[memoryview]:
    """Yield the units of an item, each after its length in `width` bytes."""
    view, at = memoryview(data), 0
    for _ in range(_MOST_UNITS):
        checkpoint()
        if at >= len(data):
            return
        size = int.from_bytes(data[at : at + width])
        end = at + width + size
        if end > len(data):
            raise cut("HEIC", "a coded picture ends before its last unit")
        yield view[at + width : end]
        at = end
    raise damaged("HEIC", f"a coded picture has more than {_MOST_UNITS} units")


class _Bits:
    """Bits of a unit without its two bytes of header."""

    def __init__(self, unit: bytes | memoryview) -> None:
        # A 3 after two zeros only prevents what would look like the start of a unit.
        raw = bytes(unit[2 : 2 + _LONGEST]).replace(b"\0\0\3", b"\0\0")
        self._value, self._left = int.from_bytes(raw), 8 * len(raw)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise damaged("HEIC", "a parameter set of a coded picture is cut off")
        return self._value >> self._left & ((1 << count) - 1)

    def exponential(self) -> int:
        """Read an unsigned Exp-Golomb code: 9.2."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros)


def _parsed(unit: bytes | memoryview) -> CodedPicture:
    """Return what a sequence parameter set says: 7.3.2.2.1."""
    bits = _Bits(unit)
    bits.read(4)
    layers = bits.read(3)
    bits.read(1 + 88 + 8)  # nesting; profile, tier and level: 7.3.3
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    bits.read(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.read(88 * profile + 8 * level)
    bits.exponential()
    if bits.exponential() == 3:  # 4:4:4
        bits.read(1)
    width, height = bits.exponential(), bits.exponential()
    if bits.read(1):  # the window that is shown
        for _ in range(4):
            bits.exponential()
    depth = 8 + max(bits.exponential(), bits.exponential())
    if not width or not height:
        raise damaged("HEIC", "a coded picture has no pixels")
    return CodedPicture(width * height, depth)
