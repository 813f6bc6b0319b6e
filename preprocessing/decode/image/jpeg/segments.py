"""The segments of a JPEG, read before a decoder is given the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.faults import cut, damaged
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

Sampling: TypeAlias = tuple[tuple[int, int], ...]

# Marker codes: ITU-T T.81, table B.1.
PROGRESSIVE, DHT, SOI, EOI, SOS, DQT, DRI = 0xC2, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD
APP0, APP1, APP14 = 0xE0, 0xE1, 0xEE
_DAC, _DNL, _DHP, _TEM = 0xCC, 0xDC, 0xDE, 0x01
RESTARTS = range(0xD0, 0xD8)
_BARE = {_TEM, SOI, EOI, *RESTARTS}
_TABLES = {DHT, DQT, DRI}
_METADATA = {APP0, APP1, APP14}
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
FRAMES = range(0xC0, 0xC3)
_VARIANTS = {
    0xC3: "a lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF, _DHP), "a hierarchical JPEG"),
    **dict.fromkeys((0xC9, 0xCA), "an arithmetic-coded JPEG"),
    0xCB: "a lossless, arithmetic-coded JPEG",
    0xF7: "a JPEG-LS",
}
_FACTORS = {h << 4 | v for h in range(1, 5) for v in range(1, 5)}
# In entropy-coded data a byte 0xFF is followed by 0, or it begins a restart marker.
_NO_MARKER = (0, 0xFF)
_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
# The longest ICC profile takes 255 segments, and the largest file 4,096 of full length.
_MOST_SEGMENTS = 2**14


class JpegFrame(NamedTuple):
    """The frame header of a JPEG, and the other segments before its pixels.

    Parameters
    ----------
    marker : int
        The start-of-frame marker, which names the coding process.
    stored : (int, int)
        Height and width, in pixels.
    identifiers : bytes
        Of the components, one byte each.
    sampling : tuple of (int, int)
        Horizontal and vertical sampling factors of each component.
    colorspace : str
        By libjpeg's rules.
    several : bool
        Whether the pixels are in several scans.
    exif, xmp : bytes
        As Pillow collects them; empty if there are none.
    """

    marker: int
    stored: tuple[int, int]
    identifiers: bytes
    sampling: Sampling
    colorspace: str
    several: bool
    exif: bytes
    xmp: bytes


def blocks(stored: tuple[int, int], sampling: Sampling, component: int) -> int:
    """Return the number of blocks of 8 x 8 samples in a component: T.81, A.1.1."""
    across, down = max(h for h, _ in sampling), max(v for _, v in sampling)
    h, v = sampling[component]
    return -(-stored[0] * v // (8 * down)) * -(-stored[1] * h // (8 * across))


def segments(data: bytes, at: int = 2) -> Iterator[tuple[int, int, int]]:
    """Yield the segments from `at` on: marker code, offset of the marker, offset of the end.

    Bytes between segments are skipped, as in libjpeg. Stops if no marker follows, or if a segment is
    longer than the data.

    Raises
    ------
    LimitExceeded
        If there are more segments than any real file has.
    """
    size, code = len(data), 0
    for count in range(_MOST_SEGMENTS):
        if count % 256 == 255:
            checkpoint()
        # Segments in a header are usually adjacent, so avoid the search, which takes most of the time.
        if code == SOS or at + 4 > size or data[at] != 0xFF or data[at + 1] in _NO_MARKER:
            found = (_AFTER_SCAN if code == SOS else _MARKER).search(data, at)
            if found is None:
                return
            at = found.start()
        code = data[at + 1]
        stop = at + 2
        if code not in _BARE:
            if stop + 2 > size:
                return
            stop += (data[stop] << 8) + data[stop + 1]
            if stop > size:
                return
        yield code, at, stop
        at = stop
    raise LimitExceeded(
        f"the JPEG has more than {_MOST_SEGMENTS} segments; save it without its metadata"
    )


def read_frame(data: bytes) -> JpegFrame:
    """Read the segments before the pixels.

    Raises
    ------
    CorruptSource, UnsupportedSource, LimitExceeded
    """
    frame: tuple[int, tuple[int, int], bytes, Sampling] | None = None
    metadata: list[tuple[int, int, int]] = []
    for code, start, stop in segments(data):
        if code in _TABLES:
            continue
        if code in _METADATA:
            metadata.append((code, start, stop))
        elif code in FRAMES or code in _VARIANTS:
            if frame is not None:
                raise damaged("JPEG", "it has two frame headers")
            frame = _frame(data, start, stop)
        elif code == SOS:
            break
        elif code in (SOI, EOI):
            raise damaged("JPEG", "it ends before its pixels")
    else:
        raise cut("JPEG", "it ends within its header")
    if frame is None:
        raise damaged("JPEG", "it does not have a frame header")
    marker, stored, identifiers, sampling = frame
    if 0 in stored:
        raise _no_size(data, stored)
    jfif, adobe, exif, xmp = _metadata(data, metadata)
    colorspace = _colorspace(identifiers, adobe, jfif=jfif)
    several = marker == PROGRESSIVE or data[start + 4 : stop][:1] < bytes([len(identifiers)])
    return JpegFrame(marker, stored, identifiers, sampling, colorspace, several, exif, xmp)


def is_jfif(data: bytes, start: int, stop: int) -> bool:
    """Return whether libjpeg takes an APP0 segment for a JFIF header."""
    return stop - start >= 18 and data.startswith(b"JFIF\0", start + 4)


def adobe_transform(data: bytes, start: int, stop: int) -> int:
    """Return the colour transform in an Adobe APP14 segment; -1 for another segment."""
    is_adobes = stop - start >= 16 and data.startswith(b"Adobe", start + 4)
    return data[start + 15] if is_adobes else -1


def _metadata(data: bytes, found: list[tuple[int, int, int]]) -> tuple[bool, int, bytes, bytes]:
    """Return whether there is a JFIF header, Adobe's transform or -1, the EXIF and the XMP."""
    jfif, adobe, exif, xmp = False, -1, b"", b""
    for code, start, stop in found:
        if code == APP0:
            jfif = jfif or is_jfif(data, start, stop)
        elif code == APP14:
            transform = adobe_transform(data, start, stop)
            adobe = adobe if transform < 0 else transform
        elif data.startswith(b"Exif\0\0", start + 4, stop):
            # Pillow joins several segments and keeps the name of the first only.
            exif += data[start + 10 if exif else start + 4 : stop]
        elif data.startswith(_XMP, start + 4, stop):
            xmp = data[start + 4 + len(_XMP) : stop]
    return jfif, adobe, exif, xmp


def _frame(data: bytes, start: int, stop: int) -> tuple[int, tuple[int, int], bytes, Sampling]:
    code, body = data[start + 1], data[start + 4 : stop]
    if code not in FRAMES:
        raise _unsupported(_VARIANTS[code])
    if len(body) < 6 or len(body) != 6 + 3 * body[5] or body[5] == 0:
        raise damaged("JPEG", "the length of the frame header does not fit its components")
    if body[0] != 8:
        raise _unsupported(f"a JPEG with {body[0]} bits per sample")
    if body[5] not in (1, 3, 4):
        raise _unsupported(f"a JPEG with {body[5]} components")
    if not _FACTORS.issuperset(body[7::3]):
        raise damaged("JPEG", "a sampling factor is not between 1 and 4")
    sampling = tuple([(byte >> 4, byte & 15) for byte in body[7::3]])
    return code, ((body[1] << 8) + body[2], (body[3] << 8) + body[4]), body[6::3], sampling


def _colorspace(identifiers: bytes, adobe: int, *, jfif: bool) -> str:
    """Return the colour space by the rules of libjpeg's ``default_decompress_parms`` (jdapimin.c)."""
    if len(identifiers) == 1:
        return "Gray"
    if len(identifiers) == 4:
        return "CMYK" if adobe in (-1, 0) else "YCCK"
    if jfif or adobe > 0:
        return "YCbCr"
    return "RGB" if adobe == 0 or identifiers == b"RGB" else "YCbCr"


def _no_size(data: bytes, stored: tuple[int, int]) -> CorruptSource | UnsupportedSource:
    if stored[1] and any(code == _DNL for code, _, _ in segments(data)):
        return _unsupported("a JPEG with its height after its pixels (a DNL marker)")
    return damaged("JPEG", "its header claims no pixels")


def _unsupported(what: str) -> UnsupportedSource:
    return UnsupportedSource(
        f"the object is {what}, which is not decoded; save it as a baseline or progressive JPEG with 8 "
        "bits per sample"
    )
