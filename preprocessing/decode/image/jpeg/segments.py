"""The segments of a JPEG: what they claim, read before a decoder is asked."""

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
    """What the segments of a JPEG claim.

    Parameters
    ----------
    marker : int
        The start of frame, which names the process.
    stored : (int, int)
        Height and width, in pixels.
    identifiers : bytes
        Of the components.
    sampling : tuple of (int, int)
        Sampling factors, horizontal and vertical, of each component.
    colorspace : str
        As libjpeg guesses it.
    several : bool
        Whether the pixels come in several scans.
    exif, xmp : bytes
        As Pillow collects them; empty where there are none.
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
    """Return how many blocks of 8 x 8 samples hold the pixels of a component: T.81, A.1.1."""
    across, down = max(h for h, _ in sampling), max(v for _, v in sampling)
    h, v = sampling[component]
    return -(-stored[0] * v // (8 * down)) * -(-stored[1] * h // (8 * across))


def segments(data: bytes, at: int = 2) -> Iterator[tuple[int, int, int]]:
    """Yield the segments from `at` on: marker code, index of the marker, index behind the last byte.

    Bytes between segments are passed over, as libjpeg does. Ends where no marker follows, or where a
    segment is longer than the data.
    """
    size, code = len(data), 0
    for count in range(_MOST_SEGMENTS):
        if count % 256 == 255:
            checkpoint()
        # In a header segments follow one another: a search would take longer than all the rest.
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
        f"the JPEG has more segments than the limit of {_MOST_SEGMENTS}; save it without its metadata"
    )


def read_frame(data: bytes) -> JpegFrame:
    """Read the segments before the pixels.

    Raises
    ------
    CorruptSource, UnsupportedSource
    LimitExceeded
        Where the segments are too many.
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
        raise damaged("JPEG", "it has no frame header")
    marker, stored, identifiers, sampling = frame
    if 0 in stored:
        raise _without_a_size(data, stored)
    jfif, adobe, exif, xmp = _metadata(data, metadata)
    colorspace = _colorspace(identifiers, adobe, jfif=jfif)
    several = marker == PROGRESSIVE or data[start + 4 : stop][:1] < bytes([len(identifiers)])
    return JpegFrame(marker, stored, identifiers, sampling, colorspace, several, exif, xmp)


def is_jfif(data: bytes, start: int, stop: int) -> bool:
    """Whether libjpeg takes an APP0 segment for JFIF's."""
    return stop - start >= 18 and data.startswith(b"JFIF\0", start + 4)


def adobe_transform(data: bytes, start: int, stop: int) -> int:
    """Return the transform that an APP14 segment names where it is Adobe's; -1 otherwise."""
    is_adobes = stop - start >= 16 and data.startswith(b"Adobe", start + 4)
    return data[start + 15] if is_adobes else -1


def _metadata(data: bytes, found: list[tuple[int, int, int]]) -> tuple[bool, int, bytes, bytes]:
    """Return whether JFIF is there, Adobe's transform or -1, EXIF and XMP."""
    jfif, adobe, exif, xmp = False, -1, b"", b""
    for code, start, stop in found:
        if code == APP0:
            jfif = jfif or is_jfif(data, start, stop)
        elif code == APP14:
            transform = adobe_transform(data, start, stop)
            adobe = adobe if transform < 0 else transform
        elif data.startswith(b"Exif\0\0", start + 4, stop):
            # Of several, Pillow drops the names of all but the first.
            exif += data[start + 10 if exif else start + 4 : stop]
        elif data.startswith(_XMP, start + 4, stop):
            xmp = data[start + 4 + len(_XMP) : stop]
    return jfif, adobe, exif, xmp


def _frame(data: bytes, start: int, stop: int) -> tuple[int, tuple[int, int], bytes, Sampling]:
    code, body = data[start + 1], data[start + 4 : stop]
    if code not in FRAMES:
        raise _unsupported(_VARIANTS[code])
    if len(body) < 6 or len(body) != 6 + 3 * body[5] or body[5] == 0:
        raise damaged("JPEG", "the frame header has another length than its components need")
    if body[0] != 8:
        raise _unsupported(f"a JPEG of {body[0]} bits a sample")
    if body[5] not in (1, 3, 4):
        raise _unsupported(f"a JPEG of {body[5]} components")
    if not _FACTORS.issuperset(body[7::3]):
        raise damaged("JPEG", "a sampling factor is not 1 to 4")
    sampling = tuple([(byte >> 4, byte & 15) for byte in body[7::3]])
    return code, ((body[1] << 8) + body[2], (body[3] << 8) + body[4]), body[6::3], sampling


def _colorspace(identifiers: bytes, adobe: int, *, jfif: bool) -> str:
    """Guess as libjpeg's ``default_decompress_parms`` (jdapimin.c) does; `adobe` is -1 if unknown."""
    if len(identifiers) == 1:
        return "Gray"
    if len(identifiers) == 4:
        return "CMYK" if adobe in (-1, 0) else "YCCK"
    if jfif or adobe > 0:
        return "YCbCr"
    return "RGB" if adobe == 0 or identifiers == b"RGB" else "YCbCr"


def _without_a_size(data: bytes, stored: tuple[int, int]) -> CorruptSource | UnsupportedSource:
    if stored[1] and any(code == _DNL for code, _, _ in segments(data)):
        return _unsupported("a JPEG that gives its height behind its pixels (a DNL marker)")
    return damaged("JPEG", "its header claims no pixels")


def _unsupported(what: str) -> UnsupportedSource:
    return UnsupportedSource(
        f"the object is {what}, which is not decoded; save it as a baseline or progressive JPEG of 8 "
        "bits a sample"
    )
