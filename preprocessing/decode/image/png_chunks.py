"""The chunks of a PNG: which of them matter, and whether these are intact.

The CRC must be right in every chunk that affects the pixels or their orientation. Other chunks may be
damaged. A file that ends before its IEND is cut off, because an orientation may follow the pixels.
Reference: W3C, PNG (Third Edition).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged, unsupported
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# Ancillary chunks that do not affect what is decoded here.
_IDLE = frozenset(
    b"acTL bKGD cHRM cICP cLLI caBX fcTL fdAT gAMA gIFg gIFt gIFx hIST iCCP mDCV oFFs pCAL pHYs sBIT "
    b"sCAL sPLT sRGB sTER tIME tRNS vpAg".split()
)
# Keywords of the texts in which Pillow looks for an orientation.
_XMP, _PROFILE = b"XML:com.adobe.xmp", b"Raw profile type exif"
# A text with a wrong CRC and one of these words may have been one of those texts.
_TRACES = (b"rientation", b"rofile", b"xmp", b"xif")
_MOST_TEXT = 2**20  # bytes of a text that are unpacked
_MOST_CHUNKS = 2**18  # take a second, and hold 2 GB in the chunk size of libpng


@frozen
class Chunk:
    """A chunk.

    Parameters
    ----------
    kind : bytes
        Its type, four letters.
    body : memoryview
    whole : memoryview
        Type, body and CRC.
    """

    kind: bytes
    body: memoryview
    whole: memoryview

    @property
    def intact(self) -> bool:
        """Whether its CRC is right."""
        return zlib.crc32(self.whole[:-4]) == int.from_bytes(self.whole[-4:])

    def require_intact(self) -> None:
        """Raise CorruptSource if its CRC is wrong."""
        if not self.intact:
            raise damaged("PNG", f"the CRC of its {self.kind.decode()} chunk is wrong")


def walk(data: bytes) -> Iterator[Chunk]:
    """Yield each chunk, up to and including IEND.

    Raises
    ------
    CorruptSource
    """
    view, at = memoryview(data), 8
    for _ in range(_MOST_CHUNKS):
        checkpoint()
        if len(data) < at + 12:
            raise cut("PNG", "it ends before IEND")
        length, kind = struct.unpack_from(">I4s", data, at)
        if not kind.isalpha() or length > 2**31 - 1:
            raise damaged("PNG", f"no chunk begins at byte {at}")
        end = at + 8 + length
        if end + 4 > len(data):
            raise cut("PNG", f"its {kind.decode()} chunk at byte {at} goes beyond the end")
        yield Chunk(kind, view[at + 8 : end], view[at + 4 : end + 4])
        if kind == b"IEND":
            return
        at = end + 4
    raise damaged("PNG", f"more than {_MOST_CHUNKS} chunks")


def metadata(chunk: Chunk) -> dict[str, str | bytes]:
    """Return the metadata of an ancillary chunk that may have an orientation, for `orientation_in`.

    Raises
    ------
    CorruptSource
        If the chunk is damaged, and may have had an orientation.
    UnsupportedSource
        If the chunk is unknown and critical, so that the pixels depend on it.
    """
    if chunk.kind == b"eXIf":
        chunk.require_intact()
        return {"exif": b"Exif\0\0" + bytes(chunk.body)}
    if chunk.kind in _TEXTS:
        return _text(chunk)
    if chunk.kind not in _IDLE:
        chunk.require_intact()  # a damaged type hides which chunk it was
        if chunk.kind[:1].isupper():
            raise unsupported("PNG", f"an unknown critical chunk ({chunk.kind.decode()})")
    return {}


def _text(chunk: Chunk) -> dict[str, str | bytes]:
    keyword, _, rest = bytes(chunk.body[:_MOST_TEXT]).partition(b"\0")
    if keyword not in (_XMP, _PROFILE, b"exif"):
        if any(trace in keyword + rest for trace in _TRACES):
            chunk.require_intact()
        return {}
    chunk.require_intact()
    try:
        text = _unpacked(chunk.kind, rest)
    except (zlib.error, ValueError):
        return {}  # Pillow ignores it as well
    if keyword == b"exif":
        return {"exif": text} if chunk.kind == b"tEXt" else {}
    if keyword == _XMP and chunk.kind == b"iTXt":
        return {"xmp": text, "XML:com.adobe.xmp": text.decode("utf-8", "replace")}
    return {keyword.decode(): text.decode("latin-1")}


def _unpacked(kind: bytes, rest: bytes) -> bytes:
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return zlib.decompressobj().decompress(rest[1:], _MOST_TEXT)
    packed, (_, _, text) = rest[:1] != b"\0", rest[2:].split(b"\0", 2)
    return zlib.decompressobj().decompress(text, _MOST_TEXT) if packed else text
