"""Fax compression, CCITT's T.4 and T.6, in TIFF: RLE, Group 3 and Group 4.

libtiff goes on behind a wrong code, and says so where nobody hears it. Here each row's runs must make up
its width. Codes: ITU-T Recommendations T.4 (2003), tables 2 to 4, and T.6; TIFF 6.0, sections 10 and 11.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.raster.faults import damaged, unsupported
from preprocessing.decode.tiff.fax_codes import BLACK, EXTENSION, HORIZONTAL, MODES, PASS, WHITE
from preprocessing.decode.tiff.layout import GROUP3, GROUP4, RLE

if TYPE_CHECKING:
    from preprocessing.decode.tiff.layout import Layout
    from preprocessing.media import Array

_WINDOW = 13  # bits, of the longest code
_SLICE = 2**14  # bytes whose windows are made at once
_TWO_DIMENSIONS, _UNCOMPRESSED = 1, 2  # of T4Options
_NOT_ZERO = re.compile(rb"[^\0]")
_NO_CODE = "fax compression has a code that does not exist"


@cache
def _table(kind: str) -> list[tuple[int, int]]:
    """Return the length and value of the code that each window of 13 bits begins with, 0 for none."""
    found = [(0, 0)] * 2**_WINDOW
    for code, value in {"white": WHITE, "black": BLACK, "modes": MODES}[kind].items():
        first = int(code.ljust(_WINDOW, "0"), 2)
        for window in range(first, first + 2 ** (_WINDOW - len(code))):
            found[window] = (len(code), value)
    return found


def fax(piece: memoryview, rows: int, layout: Layout) -> Array:
    """Decode a strip or tile to (rows, columns) of 0 and 1, which is 1 where T.4 has black.

    Raises
    ------
    CorruptSource, UnsupportedSource
    """
    if layout.compression == GROUP3 and layout.options & _UNCOMPRESSED:
        raise unsupported("TIFF", "the uncompressed mode of fax compression")
    bits = _Bits(piece)
    pixels = np.zeros((rows, layout.across), np.uint8)
    ends: list[int] = []
    for row in pixels:
        checkpoint()
        ends = _row(bits, ends, layout)
        bits.rows += 1
        for start, stop in zip(ends[::2], [*ends[1::2], layout.across], strict=False):
            row[start:stop] = 1
    if layout.compression != RLE:
        bits.require_end()
    return pixels


def _row(bits: _Bits, above: list[int], layout: Layout) -> list[int]:
    """Return where the colour of a row changes, white first."""
    if layout.compression == GROUP4:
        return bits.row_by_row_above(above, layout.across)
    if layout.compression == RLE:
        bits.align()
        return bits.row(layout.across)
    ended = bits.skip_end_of_line()
    if bits.rows and ended != bits.with_ends:
        raise damaged("TIFF", "a row of fax compression begins in the middle of another")
    bits.with_ends = ended
    if layout.options & _TWO_DIMENSIONS:
        if not ended:
            raise damaged("TIFF", "a row of fax compression has no beginning")
        if not bits.bit():
            return bits.row_by_row_above(above, layout.across)
    return bits.row(layout.across)


class _Bits:
    """The bits of a strip, read code by code."""

    def __init__(self, piece: memoryview) -> None:
        self._piece, self._end = piece, 8 * len(piece)
        self._windows = memoryview(b"")
        self._at = self._base = self._stop = 0  # of the bits from base to stop there are windows
        self.rows, self.with_ends = 0, False
        self._white, self._black, self._modes = map(_table, ("white", "black", "modes"))

    def _more(self) -> None:
        """Make the windows of the bits from this place on."""
        if self._at >= self._end:
            raise damaged("TIFF", "the rows of a strip of fax compression are not all there")
        checkpoint()
        first = self._at // 8
        single = np.unpackbits(np.frombuffer(self._piece[first : first + _SLICE + 2], np.uint8))
        single = np.concatenate((single, np.zeros(2 * _WINDOW, np.uint8))).astype(np.uint16)
        self._base, self._stop = 8 * first, min(8 * (first + _SLICE), self._end)
        windows = np.zeros(self._stop - self._base, np.uint16)
        for place in range(_WINDOW):
            windows |= single[place : place + len(windows)] << (_WINDOW - 1 - place)
        self._windows = memoryview(windows.tobytes()).cast("H")  # faster to index than an array

    def align(self) -> None:
        """Go to the next byte, past bits that are zero."""
        while self._at % 8:
            if self.bit():
                raise damaged("TIFF", "a row of fax compression does not end where it should")

    def require_end(self) -> None:
        """Raise CorruptSource where another row follows, instead of zeros or a mark of the end."""
        if self._at < self._end and self._window() >> 2:
            raise damaged("TIFF", "fax compression has more rows than the picture")

    def bit(self) -> int:
        if self._at >= self._end:
            raise damaged("TIFF", _NO_CODE)
        window = self._window()
        self._at += 1
        return window >> (_WINDOW - 1)

    def skip_end_of_line(self) -> bool:
        """Pass over eleven zeros or more and a one, where they come next."""
        if self._at >= self._end or self._window() >> 2:
            return False
        byte, within = divmod(self._at, 8)
        left = self._piece[byte] & 255 >> within
        if not left:  # there may be millions of zeros, which one call finds the end of
            found = _NOT_ZERO.search(self._piece, byte + 1)
            if found is None:
                raise damaged("TIFF", _NO_CODE)
            byte = found.start()
            left = self._piece[byte]
        self._at = 8 * byte + 9 - left.bit_length()
        return True

    def row(self, width: int) -> list[int]:
        """Read a row of runs, white and black in turn."""
        ends, place, black = [], 0, False
        while place < width:
            place += self._run(black=black)
            if place > width:
                raise damaged("TIFF", "a row of fax compression is too long")
            ends.append(place)
            black = not black
        return ends

    def row_by_row_above(self, above: list[int], width: int) -> list[int]:
        """Read a row that is told by its differences to the one above."""
        ends: list[int] = []
        place, black, index = 0, False, 0
        above = [*above, width, width, width]
        while place < width or (not ends and width == 0):
            # b1: where the row above changes to the other colour, to the right of this place.
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
                place = above[min(index + 1, len(above) - 1)]
                continue
            if mode == HORIZONTAL:
                for colour in (black, not black):
                    place += self._run(black=colour)
                    ends.append(place)
            elif mode == EXTENSION:
                raise unsupported("TIFF", "an extension of fax compression")
            else:
                changed = above[index] + mode
                if changed < place or (ends and changed <= ends[-1] and changed < width):
                    raise damaged("TIFF", "a row of fax compression runs backwards")
                place, black = changed, not black
                ends.append(place)
            if place > width:
                raise damaged("TIFF", "a row of fax compression is too long")
        return ends

    def _run(self, *, black: bool) -> int:
        total, table = 0, self._black if black else self._white
        while True:
            run = self._code(table)
            total += run
            if run < 64:
                return total

    def _code(self, table: list[tuple[int, int]]) -> int:
        if self._at >= self._stop:
            self._more()
        length, value = table[self._windows[self._at - self._base]]
        if not length or self._at + length > self._end:
            raise damaged("TIFF", _NO_CODE)
        self._at += length
        return value

    def _window(self) -> int:
        if self._at >= self._stop:
            self._more()
        return self._windows[self._at - self._base]
