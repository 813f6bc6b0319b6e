"""The scans of a JPEG: how many there are, and whether they give all that they should."""

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
# A refining pass over a block of 8 x 8 samples takes libjpeg-turbo up to 130 ns, whatever the file has
# for it: these take some 3 s. Standard scripts pass over each block five times, of gray six.
_MOST_PASSES = 24 * 2**20
_PASSES_OF_ALL = 6
# More than the lowest bit of any coefficient: T.81, G.1.1.1.
_NOTHING_YET = 14


class Scan(NamedTuple):
    """A scan header: which components, which coefficients, which bits of them."""

    components: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int


def scan_of(data: bytes, start: int, stop: int, identifiers: bytes) -> Scan:
    """Read a scan header; the components become indices into the frame's."""
    body = data[start + 4 : stop]
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) != 2 * count + 4:
        raise damaged("JPEG", "a scan header has another length than its components need")
    found = tuple([identifiers.find(identifier) for identifier in body[1:-3:2]])
    if min(found) < 0:
        raise damaged("JPEG", "a scan names a component that the frame lacks")
    first, last, bits = body[-3:]
    return Scan(found, first, last, bits >> 4, bits & 15)


def require_scans(frame: JpegFrame, data: bytes) -> None:
    """Refuse scans that are too many, or that leave coefficients out: libjpeg would invent these.

    T.81, G.1.1.1: what a first scan leaves of a coefficient's bits later ones give, one at a time.
    """
    # The lowest bit that is there, of each coefficient of each component.
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
                f"the JPEG has too many scans for its size, {scans} or more of {frame.stored[1]} x "
                f"{frame.stored[0]} pixels; save it with fewer scans"
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
            raise damaged("JPEG", "its scans do not follow from one another")
        component[scan.first : scan.last + 1] = [scan.low] * len(part)
