"""Removal of bytes that no pixel needs, so that every warning of a JPEG decoder means damage.

A decoder reports only its first warning, which may be about such bytes: bytes between segments,
metadata, a JFIF revision, parameters that a sequential scan does not use. A missing end marker is added.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from preprocessing.decode.image.faults import cut, damaged
from preprocessing.decode.image.jpeg.segments import (
    APP0,
    APP14,
    DHT,
    DQT,
    DRI,
    EOI,
    FRAMES,
    RESTARTS,
    SOI,
    SOS,
    adobe_transform,
    is_jfif,
    read_frame,
    segments,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.errors import CorruptSource

_END = b"\xff\xd9"
_JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
_SEQUENTIAL = range(0xC0, 0xC2)
_KEPT = {DQT, DHT, DRI, *FRAMES}
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
# Bytes that libjpeg has read ahead at the end of a scan. It does not count them as extraneous.
_READ_AHEAD = 8
# Bytes after the last block of a scan are padding, or blocks that a decoder did not reach because damage
# threw it out of step. They are padding if entropy-coded data cannot look like them: zeros and stuffed
# bytes; text; or, if the end marker is missing, text or a box of ISO/IEC 14496-12 at their beginning.
_TEXT = rb"[\w\s.,:;/+=-]"
_NOTHING = re.compile(rb"(?:\0|\xff)*")
_METADATA = {*range(0xE0, 0xF0), 0xFE}
_LOST_MARKER = re.compile(rb".[\xc0-\xcf\xdb\xdd\xee]\0", re.DOTALL)
_ZEROS = re.compile(rb"(?:\0|\xff\0)+\Z")
_WORDS = re.compile(rb"%b{4,}\Z" % _TEXT)
_TRAILER = re.compile(rb"\0*(?:%b{16}|[\0-\x0f].{3}[a-zA-Z]{4}|\0{16})" % _TEXT, re.DOTALL)


class Cleaned:
    """A JPEG reduced to the segments and scans that its pixels need.

    Parameters
    ----------
    data : bytes
        A JPEG whose segments `read_frame` has accepted.
    """

    def __init__(self, data: bytes) -> None:
        # Headers and entropy-coded data in turn. The last header is the end marker.
        self.frame = read_frame(data)
        self.ended = False
        # Indices of the parts of scans that are not followed by an end marker.
        self._open: set[int] = set()
        self._parts = list(self._split(data))

    @property
    def scans(self) -> Iterator[tuple[bytes, bytes]]:
        """The headers of each scan, including its tables, and its entropy-coded data."""
        return zip(self._parts[::2], self._parts[1::2], strict=False)

    def __bytes__(self) -> bytes:
        return b"".join(self._parts)

    def refusal(self, reason: object) -> CorruptSource:
        """Return the error for damage, as cut off if the end marker is missing."""
        return damaged("JPEG", reason) if self.ended else cut("JPEG", reason)

    def drop_padding(self, warning: str) -> bool:
        """Remove the bytes that a decoder found after the last block of a scan, if they are padding.

        Parameters
        ----------
        warning : str
            The decoder's warning, with the number of bytes and the marker that follows.

        Returns
        -------
        bool
            Whether anything was removed.
        """
        found = _EXTRANEOUS.search(warning)
        if found is None:
            return False
        count, marker = int(found[1]), bytes.fromhex("ff" + found[2])
        for i in range(1, len(self._parts), 2):
            scan = self._parts[i]
            if marker[1] in RESTARTS:
                ends = [match.start() for match in re.finditer(re.escape(marker), scan)]
            else:
                ends = [len(scan)] if self._parts[i + 1].startswith(marker) else []
            for end in ends:
                if is_padding(scan[:end], count, ended=i not in self._open):
                    self._parts[i] = scan[: end - count] + scan[end:]
                    return True
        return False

    def _split(self, data: bytes) -> Iterator[bytes]:
        frame, scans = self.frame, 0
        header, behind, adobe, restarts = [data[:2]], -1, -1, False
        before = SOI, 0, 2
        for code, start, stop in segments(data):
            if behind >= 0:
                yield _scan(data[behind:start], restarts=restarts)
                behind = -1
                if code != EOI:
                    self._open.add(2 * scans - 1)
                if not frame.several:  # the rest of the file is not part of the picture
                    self.ended = data.find(_END, start) >= 0
                    break
            elif start > before[2]:
                _require_harmless(data[before[2] : start], data, *before)
            before = code, start, stop
            if code == EOI:
                self.ended = True
                break
            if code == APP0 and is_jfif(data, start, stop):
                header.append(_JFIF)
            elif code == APP14:
                adobe = max(adobe, adobe_transform(data, start, stop))
            elif code in _KEPT:
                header.append(data[start:stop])
                restarts = any(data[start + 4 : stop]) if code == DRI else restarts
            elif code == SOS:
                if adobe >= 0:
                    header.append(_ADOBE + _known_transform(frame.colorspace))
                    adobe = -1
                sequential = frame.marker in _SEQUENTIAL
                header.append(
                    data[start : stop - 3] + b"\0\x3f\0" if sequential else data[start:stop]
                )
                yield b"".join(header)
                header, behind, scans = [], stop, scans + 1
        if behind >= 0:
            self._open.add(2 * scans - 1)
            yield _scan(data[behind:], restarts=restarts)
        yield b"".join((*header, _END))


def _scan(coded: bytes, *, restarts: bool) -> bytes:
    """Return the entropy-coded data of a scan, up to any restart marker if it has no restarts."""
    found = None if restarts else _RESTART.search(coded)
    return coded if found is None else coded[: found.start()]


def _require_harmless(stray: bytes, data: bytes, code: int, start: int, stop: int) -> None:
    """Raise CorruptSource if stray bytes after a segment may have belonged to something pixels need.

    A byte inserted in a table moves the end of the table out of its segment. After metadata any bytes
    are harmless, because many writers get its length wrong, except a marker with a flipped bit.
    """
    if _NOTHING.fullmatch(stray):
        return
    if code in _METADATA and adobe_transform(data, start, stop) < 0:
        if not _LOST_MARKER.match(stray):
            return
    elif _WORDS.fullmatch(stray) and not set(stray) <= set(data[start:stop]):
        return
    raise damaged("JPEG", f"its header has {len(stray)} stray bytes at byte {stop}")


def _known_transform(colorspace: str) -> bytes:
    """Return Adobe's number for a colour space, by which libjpeg interprets unknown numbers."""
    return {"YCbCr": b"\1", "YCCK": b"\2"}.get(colorspace, b"\0")


def is_padding(scan: bytes, count: int, *, ended: bool) -> bool:
    """Return whether the last `count` bytes of a scan, and those read ahead of them, are padding."""
    before = max(len(scan) - count - _READ_AHEAD, 0)
    found = _ZEROS.search(scan, max(before - 1, 0))
    if found is not None and found.start() <= len(scan) - count:
        return found.start() >= before  # otherwise the entropy-coded data ends in zeros as well
    found = _WORDS.search(scan, before)
    if found is not None and found.start() <= len(scan) - count:
        return True
    starts = range(before, len(scan) - count + 1)
    return not ended and any(_TRAILER.match(scan, at) for at in starts)
