"""The scans of a JPEG: their number, and whether they contain all coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from preprocessing.decode.image.faults import cut, damaged
from preprocessing.decode.image.jpeg.segments import (
    EOI,
    PROGRESSIVE,
    SOI,
    SOS,
    blocks,
    segments,
)
from preprocessing.errors import LimitExceeded

if TYPE_CHECKING:
    from preprocessing.decode.image.jpeg.segments import JpegFrame

# Real encoders write up to 20 scans.
_MOST_SCANS = 200
# A refining pass over a block of 8 x 8 samples takes libjpeg-turbo up to 130 ns, even without data in
# the file, so these passes take about 3 s. Standard scan scripts pass over each block five times, six
# for gray.
_MOST_PASSES = 24 * 2**20
_PASSES_OF_ALL = 6
# Above the lowest bit of any coefficient: T.81, G.1.1.1.
_NOTHING_YET = 14


class Scan(NamedTuple):
    """A scan header: the components, the range of coefficients, and the bits of these."""

    components: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int


def scan_of(data: bytes, start: int, stop: int, identifiers: bytes) -> Scan:
    """Read a scan header. Components are returned as indices into those of the frame."""
    body = data[start + 4 : stop]
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) != 2 * count + 4:
        raise damaged("JPEG", "the length of a scan header does not fit its components")
    found = tuple([identifiers.find(identifier) for identifier in body[1:-3:2]])
    if min(found) < 0:
        raise damaged("JPEG", "a scan names a component that the frame does not have")
    first, last, bits = body[-3:]
    return Scan(found, first, last, bits >> 4, bits & 15)


def require_scans(frame: JpegFrame, data: bytes) -> None:
    """Raise unless the scans are few enough and contain every coefficient; libjpeg would invent others.

    T.81, G.1.1.1: a first scan has the high bits of a coefficient, and each later scan one bit more.

    Raises
    ------
    CorruptSource, LimitExceeded
    """
    # The lowest bit so far of each coefficient of each component.
    bits = [[_NOTHING_YET] * 64 for _ in frame.sampling]
    counts = [blocks(frame.stored, frame.sampling, i) for i in range(len(frame.sampling))]
    most = max(_MOST_PASSES, _PASSES_OF_ALL * sum(counts))
    scans = passes = 0
    ended = False
    for code, start, stop in segments(data):
        if code in (SOI, EOI):
            ended = True
            break
        if code != SOS:
            continue
        scan = scan_of(data, start, stop, frame.identifiers)
        scans += 1
        passes += sum(counts[i] for i in scan.components)
        if scans > _MOST_SCANS or passes > most:
            raise LimitExceeded(
                f"the JPEG has too many scans for its size, at least {scans} of {frame.stored[1]} x "
                f"{frame.stored[0]} pixels, and would take too long to decode; save it with fewer scans"
            )
        if frame.marker != PROGRESSIVE:
            scan = scan._replace(first=0, last=63, high=0, low=0)
        _add(bits, scan)
    if any(low for component in bits for low in component):
        raise (damaged if ended else cut)("JPEG", "its last scans are missing")


def _add(bits: list[list[int]], scan: Scan) -> None:
    for index in scan.components:
        component = bits[index]
        before = scan.high or _NOTHING_YET
        part = component[scan.first : scan.last + 1]
        if not part or part.count(before) < len(part):
            raise damaged("JPEG", "its scans are not in the order of refinement")
        component[scan.first : scan.last + 1] = [scan.low] * len(part)
