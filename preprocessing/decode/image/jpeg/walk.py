"""Check that a JPEG is complete, by walking its Huffman codes, where TurboJPEG does not decode it.

Pillow decodes any sampling factors, but does not report libjpeg's warnings. The codes of sequential
scans and of DC coefficients are walked here without decoding them. A progressive scan of one component's
AC coefficients is the same as in a gray JPEG, so libjpeg is given one to check.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import simplejpeg

from preprocessing.cancellation import checkpoint
from preprocessing.decode.image.jpeg.clean import is_padding
from preprocessing.decode.image.jpeg.scans import Scan, scan_of
from preprocessing.decode.image.jpeg.segments import (
    DHT,
    DRI,
    PROGRESSIVE,
    SOS,
    JpegFrame,
    blocks,
    segments,
)
from preprocessing.errors import LimitExceeded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.decode.image.jpeg.clean import Cleaned

# Most entropy-coded bytes that are walked, at 0.3 to 0.5 s per megabyte.
_MOST_BYTES = 10 * 2**20
_CHUNK = 2**15
# Bytes that no MCU exceeds: 10 blocks of 64 codes, each of 16 bits and up to 15 more.
_LONGEST_MCU = 2**12
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_COEFFICIENTS = 64
# Most bits of a DC difference that libjpeg takes: T.81, F.1.2.1, allows 11 for samples of 8 bits.
_LARGEST_DC = 15
# More coefficients than any run of zeros passes, to tell the two apart.
_END_OF_BLOCK = 128


class _Codes(NamedTuple):
    """The code that every 16 bits begin with.

    Parameters
    ----------
    bits : ndarray
        Bits taken by the code and by the value that follows it; 0 for no code.
    step : ndarray
        Coefficients that the code passes.
    """

    bits: NDArray[np.uint8]
    step: NDArray[np.uint8]


_ONE_BIT = _Codes(np.ones(2**16, np.uint8), np.zeros(2**16, np.uint8))


def require_all_blocks(cleaned: Cleaned) -> None:
    """Raise unless every block of every scan is there, with nothing but padding after it.

    Raises
    ------
    CorruptSource, LimitExceeded
    ValueError
        With a description of the damage, for `Cleaned.refusal`.
    """
    frame = cleaned.frame
    if sum(len(coded) for _, coded in cleaned.scans) > _MOST_BYTES:
        raise LimitExceeded(
            f"the JPEG has unusual sampling factors and more than {_MOST_BYTES >> 20} MiB, which takes "
            "too long to decode; save it as 4:2:0 or 4:4:4"
        )
    tables: dict[int, bytes] = {}
    interval = 0
    for header, coded in cleaned.scans:
        for code, start, stop in segments(header, 0):
            if code == DHT:
                _add_tables(tables, header[start + 4 : stop])
            elif code == DRI:
                interval = int.from_bytes(header[start + 4 : stop])
            elif code == SOS:
                scan = scan_of(header, start, stop, frame.identifiers)
                if frame.marker != PROGRESSIVE or scan.first == 0:
                    layout = _layout(frame, scan, header[start + 6 : stop - 3 : 2], tables)
                    _walk_scan(coded, layout, _units(frame, scan), interval)
    if frame.marker == PROGRESSIVE:
        for component in range(len(frame.sampling)):
            _judge_as_gray(cleaned, component)


def _add_tables(tables: dict[int, bytes], body: bytes) -> None:
    """Read Huffman tables: T.81, B.2.4.2."""
    at = 0
    while at + 17 <= len(body):
        stop = at + 17 + sum(body[at + 1 : at + 17])
        tables[body[at]] = body[at + 1 : stop]
        at = stop
    if at != len(body):
        raise ValueError("the length of a Huffman table does not fit its codes")


@lru_cache(maxsize=16)
def _codes(table: bytes, *, dc: bool) -> _Codes:
    """Return the lookup of a table's codes, which are generated as in T.81, annex C."""
    bits, step = np.zeros(2**16, np.uint8), np.zeros(2**16, np.uint8)
    symbols, first = iter(table[16:]), 0
    for length, count in enumerate(table[:16], 1):
        for symbol in islice(symbols, count):
            if dc and symbol > _LARGEST_DC:
                raise ValueError(f"a Huffman table has a DC difference of {symbol} bits")
            last = first + (1 << (16 - length))
            run, size = symbol >> 4, symbol & 15
            bits[first:last] = length + (symbol if dc else size)
            step[first:last] = run + 1 if size or run == 15 else _END_OF_BLOCK
            first = last
    if first > 2**16:
        raise ValueError("a Huffman table has more codes than 16 bits allow")
    return _Codes(bits, step)


def _layout(
    frame: JpegFrame, scan: Scan, chosen: bytes, tables: dict[int, bytes]
) -> list[tuple[_Codes, _Codes | None]]:
    """Return the codes of each block of an MCU: for DC, and for AC in a sequential scan."""
    layout: list[tuple[_Codes, _Codes | None]] = []
    progressive = frame.marker == PROGRESSIVE
    try:
        for component, choice in zip(scan.components, chosen, strict=True):
            h, v = frame.sampling[component] if len(scan.components) > 1 else (1, 1)
            refining = progressive and scan.high > 0
            dc = _ONE_BIT if refining else _codes(tables[choice >> 4], dc=True)
            ac = None if progressive else _codes(tables[0x10 | choice & 15], dc=False)
            layout += [(dc, ac)] * (h * v)
    except KeyError:
        raise ValueError("a Huffman table is missing") from None
    return layout


def _units(frame: JpegFrame, scan: Scan) -> int:
    """Return the number of MCUs in a scan: T.81, A.2."""
    if len(scan.components) == 1:
        return blocks(frame.stored, frame.sampling, scan.components[0])
    across, down = max(h for h, _ in frame.sampling), max(v for _, v in frame.sampling)
    height, width = frame.stored
    return -(-height // (8 * down)) * -(-width // (8 * across))


def _walk_scan(
    coded: bytes, layout: list[tuple[_Codes, _Codes | None]], units: int, interval: int
) -> None:
    parts = _RESTART.split(coded)
    sizes = [units]
    if interval:
        sizes = [min(interval, units - done) for done in range(0, units, interval)]
    if b"".join(parts[1::2]) != bytes(0xD0 + i % 8 for i in range(len(sizes) - 1)):
        raise ValueError("its restart markers are not in order")
    for size, part in zip(sizes, parts[::2], strict=True):
        _walk(part.rstrip(b"\xff").replace(b"\xff\0", b"\xff"), layout, size)


def _walk(data: bytes, layout: list[tuple[_Codes, _Codes | None]], units: int) -> None:
    """Walk one restart interval of `units` MCUs."""
    distinct = {id(codes): codes for pair in layout for codes in pair if codes is not None}
    base, at, reach = 0, 0, 0
    order: list[tuple[bytes, bytes | None, bytes | None]] = []
    for _ in range(units):
        if at >= reach:
            checkpoint()
            base, at = base + at // 8, at % 8
            windows = _windows(data[base : base + _CHUNK + _LONGEST_MCU])
            looked_up = {
                key: (codes.bits[windows].tobytes(), codes.step[windows].tobytes())
                for key, codes in distinct.items()
            }
            order = [
                (looked_up[id(dc)][0], *(looked_up[id(ac)] if ac is not None else (None, None)))
                for dc, ac in layout
            ]
            reach = 8 * _CHUNK
        for dc_bits, ac_bits, ac_step in order:
            if not dc_bits[at]:
                raise ValueError("bad Huffman code")
            at += dc_bits[at]
            if ac_bits is None or ac_step is None:
                continue
            done = 1
            while done < _COEFFICIENTS:
                bits = ac_bits[at]
                if not bits:
                    raise ValueError("bad Huffman code")
                done += ac_step[at]
                at += bits
            if _COEFFICIENTS < done < _END_OF_BLOCK:
                raise ValueError("a block has more than 64 coefficients")
        if 8 * base + at > 8 * len(data):
            raise ValueError("premature end of data")
    used = base + -(-at // 8)
    if used < len(data) and not is_padding(data, len(data) - used, ended=True):
        raise ValueError(f"{len(data) - used} bytes follow its last block")


def _windows(data: bytes) -> NDArray[np.uint16]:
    """Return the 16 bits that follow each bit offset, with ones after the end."""
    padded = np.frombuffer(data + b"\xff" * (_LONGEST_MCU + 2), np.uint8).astype(np.uint32)
    words = (padded[:-2] << 16) | (padded[1:-1] << 8) | padded[2:]
    shifts = np.arange(8, 0, -1, dtype=np.uint32)
    return ((words[:, None] >> shifts) & 0xFFFF).astype(np.uint16).ravel()


def _judge_as_gray(cleaned: Cleaned, component: int) -> None:
    """Have libjpeg decode the AC scans of one component as a gray JPEG with a DC scan of zeros."""
    frame = cleaned.frame
    across, down = max(h for h, _ in frame.sampling), max(v for _, v in frame.sampling)
    h, v = frame.sampling[component]
    height, width = -(-frame.stored[0] * v // down), -(-frame.stored[1] * h // across)
    identifier = frame.identifiers[component : component + 1]
    parts = [
        b"\xff\xd8\xff\xdb\0\x43\0" + b"\1" * 64,
        b"\xff\xc2\0\x0b\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\1%b\x11\0" % identifier,
        b"\xff\xc4\0\x14\0\1" + bytes(15) + b"\0",  # one DC code, of one bit: no difference
        b"\xff\xda\0\x08\1%b\0\0\0\0" % identifier,
        bytes(-(-blocks(frame.stored, frame.sampling, component) // 8)),
    ]
    for header, coded in cleaned.scans:
        for code, start, stop in segments(header, 0):
            if code in (DHT, DRI):
                parts.append(header[start:stop])
            elif code == SOS:
                scan = scan_of(header, start, stop, frame.identifiers)
                if scan.first > 0 and scan.components == (component,):
                    parts += [header[start:stop], coded]
    simplejpeg.decode_jpeg(b"".join((*parts, b"\xff\xd9")), colorspace="GRAY", strict=True)
