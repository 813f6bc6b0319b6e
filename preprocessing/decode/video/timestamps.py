"""The last timestamps of one stream in an MPEG transport stream, read from its end: ISO/IEC 13818-1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.cancellation import checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKET, _SYNC = 188, 0x47
_BEGINS, _ADAPTED = 0x40, 0x20
# Bytes that are read at a time, and in all: other streams may have data after the last of this one.
_PIECE, _MOST = 188 * 1024, 64 * 2**20
# Timestamps that are compared, because the last one stored is not always the latest, and their period.
_LAST, _PERIOD = 16, 2**33


def last_stamp(read_at: Callable[[int, int], bytes], size: int, pid: int, first: int) -> int | None:
    """Return the latest timestamp of a stream, relative to `first`, in 1/90,000 s; None for none.

    Parameters
    ----------
    read_at : callable
        Takes an offset and a length, and returns the bytes there.
    size : int
        Of the file, in bytes.
    pid : int
        Number of the stream.
    first : int
        Timestamp of its first frame, in 1/90,000 s.
    """
    stop, found = size // _PACKET * _PACKET, list[int]()
    while stop > 0 and len(found) < _LAST and size - stop < _MOST:
        checkpoint()
        start = max(stop - _PIECE, 0)
        piece = read_at(start, stop - start)
        for place in range(len(piece) - _PACKET, -1, -_PACKET):
            if piece[place + 1] & _BEGINS and piece[place] == _SYNC:
                name = (piece[place + 1] & 0x1F) << 8 | piece[place + 2]
                stamp = _stamp(piece[place : place + _PACKET]) if name == pid else None
                if stamp is not None:
                    found.append((stamp - first) % _PERIOD)
        stop = start
    behind = [stamp for stamp in found[:_LAST] if stamp < _PERIOD // 2]
    return max(behind, default=None)


def _stamp(packet: bytes) -> int | None:
    """Return the presentation timestamp (PTS) in a packet; None if it has none."""
    place = 4 + (packet[4] + 1 if packet[3] & _ADAPTED else 0)
    head = packet[place : place + 14]
    if len(head) < 14 or head[:3] != b"\0\0\1" or not head[7] & 0x80:
        return None
    high, middle, low = head[9], head[10:12], head[12:14]
    return (
        (high >> 1 & 7) << 30
        | int.from_bytes(middle, "big") >> 1 << 15
        | int.from_bytes(low, "big") >> 1
    )
