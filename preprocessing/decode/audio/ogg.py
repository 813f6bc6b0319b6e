"""The pages of an Ogg file, and the packets in them: RFC 3533.

libogg skips a page whose checksum is wrong, and decoders do not report what is missing. So pages are
checked here. FLAC in Ogg, which not every libsndfile decodes, is unwrapped into plain FLAC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from preprocessing.cancellation import checkpoint
from preprocessing.decode.audio.tags import skip_tags
from preprocessing.decode.audio.truncation import TRUNCATED, DecodablePart
from preprocessing.errors import CorruptSource, UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE, _HEADER = b"OggS", 27
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_CHECKSUM = slice(22, 26)
# Ogg's checksum has zlib's polynomial, but the bits of each byte reversed and an initial value of 0.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# https://xiph.org/flac/ogg_mapping.html: the first packet has this many bytes before "fLaC".
_FLAC, _FLAC_HEADER = b"\x7fFLAC", 9
# The first bytes of the codecs in Ogg, and their names.
_VIDEO = {b"\x80theora": "Theora", b"BBCD\0": "Dirac", b"\x01video\0": "OGM", b"OVP80": "VP8"}
_SOUND = {b"Speex   ": "Speex", b"CELT    ": "CELT", b"\x7fFLAC": "FLAC"}
_SKELETON = b"fishead\0"


@frozen
class OggPage:
    """One page.

    Parameters
    ----------
    flags, serial, number : int
    lacing : bytes
        The length of each segment. A packet ends with the first segment shorter than 255 bytes.
    start, stop : int
        Where its content starts and stops.
    """

    flags: int
    serial: int
    number: int
    lacing: bytes
    start: int
    stop: int


@frozen
class UnwrappedFlac(DecodablePart):
    """Part of the FLAC that is in the packets of an Ogg file."""

    def of(self, data: bytes) -> bytes:
        """Return this part of the FLAC in the Ogg file `data`."""
        return super().of(unwrap_flac(data))


def require_pages(data: bytes) -> None:
    """Raise unless every page is there and intact, and all are of one stream.

    Raises
    ------
    CorruptSource
    UnsupportedSource
        If there are several streams, or libsndfile does not decode the codec.
    """
    first = last = None
    for page in _pages(data):
        if first is None:
            first = page
            _require_known(data[page.start : page.start + 8])
        elif page.serial != first.serial:
            raise UnsupportedSource(
                "the Ogg file has several streams, chained or multiplexed, which are not decoded; store "
                "each stream in its own file"
            )
        elif last is not None and page.number != last.number + 1 & 0xFFFF_FFFF:
            raise CorruptSource(
                f"page {last.number + 1} of the Ogg file is missing; replace it with an intact copy"
            )
        last = page
    if last is None or not last.flags & _LAST:
        raise CorruptSource(f"the last page of the Ogg file is not marked as the end: {TRUNCATED}")


def holds_flac(data: bytes) -> bool:
    """Whether the first stream is FLAC."""
    return data[_HEADER + data[26] :].startswith(_FLAC) if len(data) > _HEADER else False


def video_codec(head: bytes) -> str | None:
    """Return the name of the video codec in an Ogg file; None if it has sound only.

    The first pages of all streams come before any other page.

    Parameters
    ----------
    head : bytes
        The beginning of the file.
    """
    place = 0
    while head.startswith(_PAGE, place) and place + _HEADER < len(head):
        lacing = head[place + _HEADER : place + _HEADER + head[place + 26]]
        start = place + _HEADER + len(lacing)
        if not head[place + 5] & _FIRST:
            break
        for mark, name in _VIDEO.items():
            if head.startswith(mark, start):
                return name
        place = start + sum(lacing)
    return None


def unwrap_flac(data: bytes) -> bytes:
    """Return the FLAC in an Ogg file.

    Raises
    ------
    CorruptSource
    """
    packets = b"".join(data[page.start : page.stop] for page in _pages(data))
    if packets[_FLAC_HEADER : _FLAC_HEADER + 4] != b"fLaC":
        raise CorruptSource(
            "the Ogg file claims FLAC but does not contain it; replace it with an intact copy"
        )
    return packets[_FLAC_HEADER:]


def _require_known(first: bytes) -> None:
    if first.startswith(_SKELETON):
        raise UnsupportedSource(
            "the Ogg file has a skeleton stream, which is not decoded; write it again without: "
            "ffmpeg -i IN -c copy OUT.ogg"
        )
    for mark, name in _SOUND.items():
        if first.startswith(mark) and name != "FLAC":
            raise UnsupportedSource(
                f"{name} in Ogg is not decoded; convert it: ffmpeg -i IN OUT.flac"
            )


def _pages(data: bytes) -> Iterator[OggPage]:
    place = 0
    while data.startswith(_PAGE, place):
        checkpoint()
        header = data[place : place + _HEADER]
        start = place + _HEADER + (header[26] if len(header) == _HEADER else 0)
        lacing = data[place + _HEADER : start]
        stop = start + sum(lacing)
        if len(header) < _HEADER or start > len(data) or stop > len(data):
            raise CorruptSource(f"the last page of the Ogg file is cut off: {TRUNCATED}")
        stored = int.from_bytes(header[_CHECKSUM], "little")
        number = int.from_bytes(header[18:22], "little")
        if _checksum(header[:22] + bytes(4) + data[place + 26 : stop]) != stored:
            raise CorruptSource(
                f"page {number} of the Ogg file, at byte {place}, is damaged: its checksum is wrong; "
                "replace it with an intact copy"
            )
        yield OggPage(
            header[5], int.from_bytes(header[14:18], "little"), number, lacing, start, stop
        )
        place = stop
    rest = data[skip_tags(data, place) :]
    if rest.strip(b"\0") and not rest.startswith(b"TAG"):
        raise CorruptSource(
            f"the Ogg file is damaged: no page begins at byte {place}; replace it with an intact copy"
        )


def _checksum(page: bytes) -> int:
    # zlib inverts the sum before and after. Inverting it here as well undoes both.
    reversed_sum = crc32(page.translate(_REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int(f"{reversed_sum:032b}"[::-1], 2)
