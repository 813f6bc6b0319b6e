"""The length of a FLAC whose header lacks it, because it was written to a pipe.

libFLAC could decode such a file, but libsndfile needs the length to read to the end. The header of the
last frame has the frame's number, so the length is known without decoding.
"""

from __future__ import annotations

from functools import lru_cache, reduce

from preprocessing.decode.audio.truncation import TRUNCATED, DecodablePart
from preprocessing.errors import CorruptSource, UnsupportedSource

# RFC 9639: STREAMINFO comes first, and its last 36 bits before the MD5 are the number of samples.
_STREAMINFO = b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22"
_COUNT = slice(18, 26)
_COUNT_BITS = 36
_FIRST_BLOCK = 4
_MOST_BLOCKS = 4096
# Start of a frame of fixed block size, as all common encoders write it. The last 256 KiB are searched
# for it, because frames in use are smaller. Other bytes pass the header's CRC once in 256 times.
_SYNC = b"\xff\xf8"
_WINDOW = 2**18
_TRIES = 16


def decodable_part(data: bytes) -> DecodablePart:
    """Return the part of a FLAC to decode: all of it, with a new header if the length is missing.

    Raises
    ------
    CorruptSource
        If the last frame is cut off.
    UnsupportedSource
        If the length is missing and the block size varies, so that frames are not numbered.
    """
    count = int.from_bytes(data[_COUNT], "big")
    if not data.startswith(_STREAMINFO) or count % 2**_COUNT_BITS:
        return DecodablePart()
    samples = _samples(data)
    if samples >= 2**_COUNT_BITS:
        raise CorruptSource(
            "the last frame of the FLAC has a number above the format's maximum; replace it with an "
            "intact copy"
        )
    return DecodablePart(data[: _COUNT.start] + (count + samples).to_bytes(8, "big"), _COUNT.stop)


def _samples(data: bytes) -> int:
    first = _first_frame(data)
    if data[first : first + 2] == b"\xff\xf9":
        raise UnsupportedSource(
            "the FLAC header has no length, and its block size varies, so the length is unknown; write "
            "it again: ffmpeg -i in.flac out.flac"
        )
    start = _frame(data[first : first + 16])
    place, tries = len(data), 0
    while start is not None and tries < _TRIES:
        place = data.rfind(_SYNC, max(first, len(data) - _WINDOW), place)
        if place < 0:
            break
        last = _frame(data[place : place + 16])
        if last is not None:
            if _crc(data[place:], 16, 0x8005) == 0:
                return last[0] * start[1] + last[1]
            tries += 1
    raise CorruptSource(f"the FLAC does not end with a complete frame: {TRUNCATED}")


def _first_frame(data: bytes) -> int:
    place = _FIRST_BLOCK
    for _ in range(_MOST_BLOCKS):
        block = data[place : place + 4]
        place += 4 + int.from_bytes(block[1:], "big")
        if block[:1] >= b"\x80":  # the last before the frames
            break
    return place


def _frame(header: bytes) -> tuple[int, int] | None:
    """Return the number and the samples of the frame with this header; None if it is not a frame's."""
    if len(header) < 6 or not header.startswith(_SYNC):
        return None
    size, rate = header[2] >> 4, header[2] & 15
    if size == 0 or rate == 15 or header[3] & 1:
        return None
    width = max(1, 8 - (header[4] ^ 0xFF).bit_length())
    number = header[4] & 0x7F >> (width if width > 1 else 0)
    for byte in header[5 : 4 + width]:
        number = number << 6 | byte & 0x3F
    end = 4 + width
    wide = {6: 1, 7: 2}.get(size, 0)
    samples = int.from_bytes(header[end : end + wide], "big") + 1
    if not wide:
        samples = 192 if size == 1 else 576 << size - 2 if size < 6 else 256 << size - 8
    end += wide + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    return None if _crc(header[: end + 1], 8, 0x07) else (number, samples)


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    """Return the CRC of `data`, which is 0 if `data` ends with its own correct CRC."""
    table, mask = _table(bits, polynomial), 2**bits - 1
    return reduce(lambda crc, byte: (crc << 8 & mask) ^ table[crc >> bits - 8 ^ byte], data, 0)


@lru_cache
def _table(bits: int, polynomial: int) -> list[int]:
    table = []
    for byte in range(256):
        crc = byte << bits - 8
        for _ in range(8):
            crc = crc << 1 ^ polynomial if crc >> bits - 1 & 1 else crc << 1
        table.append(crc & 2**bits - 1)
    return table
