"""Decoder of fax compression in TIFF (CCITT T.4 and T.6): RLE, Group 3 and Group 4.

libtiff continues after a wrong code, and its warning is lost in Pillow. Here the runs of a row must add
up to its width. References: ITU-T T.4 (2003), tables 2 to 4; ITU-T T.6; TIFF 6.0, sections 10 and 11.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import damaged, unsupported
from preprocessing.decode.image.tiff.fax_codes import (
    BLACK,
    EXTENSION,
    HORIZONTAL,
    MODES,
    PASS,
    WHITE,
)
from preprocessing.decode.image.tiff.layout import GROUP3, GROUP4, RLE
from preprocessing.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.decode.image.tiff.layout import TiffLayout
    from preprocessing.errors import CorruptSource
    from preprocessing.media import Array

_WINDOW = 13  # bits, of the longest code
_TWO_DIMENSIONS, _UNCOMPRESSED = 1, 2  # of T4Options
# Most runs that are decoded, at about 0.5 µs each, and the runs that a row, and a strip or tile, count
# for. A page of A4 at 600 dpi has 7,016 rows, and in dense print a million runs.
_MOST_RUNS, _ROW, _STRIP = 4 * 2**20, 16, 96
_MOST_BYTES = 8 * 2**20  # compressed; such a page has about 1 MB
_NOT_ZERO = re.compile(rb"[^\0]")


@cache
def _table(kind: str) -> list[tuple[int, int]]:
    """Return, for each window of 13 bits, the length and value of its first code; length 0 for none."""
    found = [(0, 0)] * 2**_WINDOW
    for code, value in {"white": WHITE, "black": BLACK, "modes": MODES}[kind].items():
        first = int(code.ljust(_WINDOW, "0"), 2)
        for window in range(first, first + 2 ** (_WINDOW - len(code))):
            found[window] = (len(code), value)
    return found


def fax(packed: Iterator[memoryview], rows: list[int], layout: TiffLayout) -> Iterator[Array]:
    """Yield each strip or tile as uint8, (rows, columns), 1 for black in T.4 and 0 for white.

    Raises
    ------
    CorruptSource, UnsupportedSource
    LimitExceeded
        If there is more to decode than on any real page.
    """
    if layout.compression == GROUP3 and layout.options & _UNCOMPRESSED:
        raise unsupported("TIFF", "fax compression in uncompressed mode")
    runs = size = 0
    for piece, count in zip(packed, rows, strict=False):
        size += len(piece)
        runs += _STRIP
        _require_few(runs, size)
        bits = _Bits(bytes(piece))
        pixels = np.zeros((count, layout.across), np.uint8)
        ends: list[int] = []
        for row in pixels:
            checkpoint()
            ends = _row(bits, ends, layout)
            bits.rows += 1
            runs += _ROW + len(ends)
            _require_few(runs, size)
            if ends and ends[0] < layout.across:  # the row is not all white
                changes = np.bincount(ends, minlength=layout.across)[: layout.across]
                np.bitwise_and(np.cumsum(changes), 1, out=row, casting="unsafe")
        if layout.compression != RLE:
            bits.require_end()
        yield pixels


def _require_few(runs: int, size: int) -> None:
    if runs > _MOST_RUNS or size > _MOST_BYTES:
        raise LimitExceeded(
            f"the TIFF has fax compression with more than {_MOST_RUNS} runs of pixels or "
            f"{_MOST_BYTES >> 20} MiB, which takes too long to decode; store it as PNG"
        )


def _row(bits: _Bits, above: list[int], layout: TiffLayout) -> list[int]:
    """Return the columns at which the colour of a row changes, beginning with white."""
    if layout.compression == GROUP4:
        return bits.row_by_row_above(above, layout.across)
    if layout.compression == RLE:
        bits.align()
        return bits.row(layout.across)
    ended = bits.skip_end_of_line()
    if bits.rows and ended != bits.with_ends:
        raise bits.row_fault("begins in the middle of another")
    bits.with_ends = ended
    if layout.options & _TWO_DIMENSIONS:
        if not ended:
            raise bits.row_fault("does not have an end-of-line code")
        if not bits.bit():
            return bits.row_by_row_above(above, layout.across)
    return bits.row(layout.across)


class _Bits:
    """Reader of the codes in a strip or tile."""

    def __init__(self, piece: bytes) -> None:
        self._piece = piece
        self._end = 8 * len(piece)
        # The window at each bit, from the three bytes that it is in; zeros follow the last byte.
        bytes_ = np.frombuffer(piece + bytes(4), np.uint8).astype(np.uint32)
        words = bytes_[:-2] << 16 | bytes_[1:-1] << 8 | bytes_[2:]
        windows = np.empty((len(words), 8), np.uint16)
        for bit in range(8):
            windows[:, bit] = words >> (24 - _WINDOW - bit) & (2**_WINDOW - 1)
        windows = windows.reshape(-1)[: self._end + _WINDOW]
        self._windows = memoryview(windows.tobytes()).cast("H")  # faster to index than an array
        self._at = 0
        self.rows, self.with_ends = 0, False
        self._white, self._black, self._modes = map(_table, ("white", "black", "modes"))

    def align(self) -> None:
        """Go to the next byte. The bits up to it must be zero."""
        while self._at % 8:
            if self.bit():
                raise damaged("TIFF", f"fax row {self.rows} does not end at the picture's width")

    def require_end(self) -> None:
        """Raise CorruptSource if another row follows, instead of zeros or an end marker."""
        if self._at < self._end and self._windows[self._at] >> 2:
            raise damaged("TIFF", "a strip or tile has more fax rows than the picture")

    def bit(self) -> int:
        return self._next(1) >> (_WINDOW - 1)

    def skip_end_of_line(self) -> bool:
        """Skip an end-of-line code (at least eleven zeros and a one); return whether there was one."""
        if self._at >= self._end or self._windows[self._at] >> 2:
            return False
        found = _NOT_ZERO.search(self._piece, -(-self._at // 8))
        byte = self._end if found is None else 8 * found.start()
        while self._at < byte and not self._windows[self._at] >> (_WINDOW - 1):
            # Finish the current byte bit by bit, then skip to the next byte that is not zero.
            self._at = byte if self._at % 8 == 0 else self._at + 1
        while self._at < self._end and not self._windows[self._at] >> (_WINDOW - 1):
            self._at += 1
        self._next(1)
        return True

    def row(self, width: int) -> list[int]:
        """Read a row coded as runs, white and black in turn."""
        ends: list[int] = []
        place, black = 0, False
        while place < width:
            place = self._run(place, width, black=black)
            ends.append(place)
            black = not black
            if len(ends) > width + 1:  # the first run may be empty
                raise self.row_fault("has more runs than pixels")
        return ends

    def row_by_row_above(self, above: list[int], width: int) -> list[int]:
        """Read a row coded as differences from the row above."""
        ends: list[int] = []
        place, black, index = 0, False, 0
        above = [*above, width, width, width]
        while place < width or (not ends and width == 0):
            # b1 in T.4: the next change of the row above to the opposite colour, right of this place.
            while index > 0 and above[index - 1] > place:
                index -= 1
            while above[index] < width and (
                above[index] < place
                or (above[index] == place and (place or ends))
                or index % 2 != black
            ):
                index += 1
            mode = self._code(self._modes)
            if mode == PASS:
                passed = above[min(index + 1, len(above) - 1)]
                if passed <= place:
                    raise self.row_fault("does not advance")
                place = passed
                continue
            if mode == HORIZONTAL:
                for colour in (black, not black):
                    place = self._run(place, width, black=colour)
                    ends.append(place)
                if len(ends) > 2 * width + 2:
                    raise self.row_fault("has more runs than pixels")
            elif mode == EXTENSION:
                raise unsupported("TIFF", "fax compression with extensions")
            else:
                changed = above[index] + mode
                if changed < place or (ends and changed <= ends[-1] and changed < width):
                    raise self.row_fault("runs backwards")
                place, black = changed, not black
                ends.append(place)
            if place > width:
                raise self.row_fault("is too long")
        return ends

    def _run(self, place: int, width: int, *, black: bool) -> int:
        """Read the run that begins at `place`, and return where it ends."""
        table, windows, at = self._black if black else self._white, self._windows, self._at
        while True:
            length, run = table[windows[at]]
            at += length
            place += run
            if not length or at > self._end or place > width:
                raise self._wrong(at, length)
            if run < 64:
                self._at = at
                return place

    def _wrong(self, at: int, length: int) -> CorruptSource:
        if at > self._end or (not length and at == self._end):
            return damaged("TIFF", f"a strip or tile ends in fax row {self.rows + 1}")
        if not length:
            return self.row_fault("has an invalid code")
        return self.row_fault("is too long")

    def row_fault(self, what: str) -> CorruptSource:
        return damaged("TIFF", f"fax row {self.rows + 1} of a strip or tile {what}")

    def _code(self, table: list[tuple[int, int]]) -> int:
        if self._at >= self._end:
            raise damaged("TIFF", f"a strip or tile ends in fax row {self.rows + 1}")
        length, value = table[self._windows[self._at]]
        self._next(length)
        return value

    def _next(self, length: int) -> int:
        """Return the window at the current position, and advance by `length` bits."""
        if not length or self._at + length > self._end:
            raise self.row_fault("has an invalid code")
        window: int = self._windows[self._at]
        self._at += length
        return window
