"""A JPEG without what costs no pixel, so that every warning of its decoder means damage.

A decoder reports its first warning only, which may be about bytes that nobody needs. Here such bytes
are left out: what stands between segments, metadata, a JFIF revision, parameters that a sequential scan
does not have. The end marker is added where it is missing.
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
# What libjpeg has read ahead when a scan ends it does not count as extraneous.
_READ_AHEAD = 8
# Bytes behind the last block of a scan may be blocks, too, that a decoder thrown out of step by damage
# has not come to. They are padding where entropy-coded data never looks like it: zeros and stuffed
# bytes; text; or, before a missing end marker, what begins with text or with a box of ISO/IEC 14496-12.
_TEXT = rb"[\w\s.,:;/+=-]"
_NOTHING = re.compile(rb"(?:\0|\xff)*")
_METADATA = {*range(0xE0, 0xF0), 0xFE}
_LOST_MARKER = re.compile(rb".[\xc0-\xcf\xdb\xdd\xee]\0", re.DOTALL)
_ZEROS = re.compile(rb"(?:\0|\xff\0)+\Z")
_WORDS = re.compile(rb"%b{4,}\Z" % _TEXT)
_TRAILER = re.compile(rb"\0*(?:%b{16}|[\0-\x0f].{3}[a-zA-Z]{4}|\0{16})" % _TEXT, re.DOTALL)


class Cleaned:
    """The segments and scans of a JPEG that its pixels need.

    Parameters
    ----------
    data : bytes
        Of a JPEG whose segments `read` has accepted.
    """

    def __init__(self, data: bytes) -> None:
        # Headers and the entropy-coded data behind each, by turns; the end marker is the last header.
        self.frame = read_frame(data)
        self.ended = False
        # Scans, by the indices of their parts, behind which no end marker comes first.
        self._open: set[int] = set()
        self._parts = list(self._split(data))

    @property
    def scans(self) -> Iterator[tuple[bytes, bytes]]:
        """Each scan's headers, its tables included, and its entropy-coded data."""
        return zip(self._parts[::2], self._parts[1::2], strict=False)

    def __bytes__(self) -> bytes:
        return b"".join(self._parts)

    def refusal(self, reason: object) -> CorruptSource:
        """Return the error for damage: only what is cut off can be mended by another upload."""
        return damaged("JPEG", reason) if self.ended else cut("JPEG", reason)

    def drop_padding(self, warning: str) -> bool:
        """Drop what a decoder found behind the last block of a scan, if it is padding.

        Parameters
        ----------
        warning : str
            The decoder's: how many bytes, before which marker.

        Returns
        -------
        bool
            Whether anything was dropped.
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
                if not frame.several:  # nothing more belongs to the picture
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
    """Return a scan's entropy-coded data: up to a restart marker where there are to be none."""
    found = None if restarts else _RESTART.search(coded)
    return coded if found is None else coded[: found.start()]


def _require_harmless(stray: bytes, data: bytes, code: int, start: int, stop: int) -> None:
    """Raise CorruptSource where bytes behind a segment may have belonged to what the pixels need.

    A byte that came or went in a table has moved the table's end out of its segment. Behind metadata
    anything may stand, because their writers get lengths wrong, but a marker that lost a bit.
    """
    if _NOTHING.fullmatch(stray):
        return
    if code in _METADATA and adobe_transform(data, start, stop) < 0:
        if not _LOST_MARKER.match(stray):
            return
    elif _WORDS.fullmatch(stray) and not set(stray) <= set(data[start:stop]):
        return
    raise damaged("JPEG", f"{len(stray)} stray bytes in its header")


def _known_transform(colorspace: str) -> bytes:
    """Return Adobe's number for a colour space, which libjpeg takes unknown numbers for."""
    return {"YCbCr": b"\1", "YCCK": b"\2"}.get(colorspace, b"\0")


def is_padding(scan: bytes, count: int, *, ended: bool) -> bool:
    """Whether the last `count` bytes are padding, with what libjpeg had read ahead of them."""
    before = max(len(scan) - count - _READ_AHEAD, 0)
    found = _ZEROS.search(scan, max(before - 1, 0))
    if found is not None and found.start() <= len(scan) - count:
        return found.start() >= before  # the entropy-coded data does not end in zeros itself
    found = _WORDS.search(scan, before)
    if found is not None and found.start() <= len(scan) - count:
        return True
    starts = range(before, len(scan) - count + 1)
    return not ended and any(_TRAILER.match(scan, at) for at in starts)
