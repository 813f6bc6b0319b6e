"""CRC32C and CRC64NVME, checksums of S3 that Python's standard library does not have."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

# Reflected polynomials of CRC-32/ISCSI and CRC-64/NVME, from the CRC catalogue,
# https://reveng.sourceforge.io/crc-catalogue/. Both invert all bits before and after.
_CRC32C, _CRC64NVME = (0x82F63B78, 32), (0x9A6C9329AC4BC9B5, 64)
_LANE = 1024  # bytes


def crc32c(body: bytes) -> bytes:
    """Return the CRC32C of a body, big-endian."""
    return _crc(body, *_CRC32C)


def crc64nvme(body: bytes) -> bytes:
    """Return the CRC64NVME of a body, big-endian."""
    return _crc(body, *_CRC64NVME)


def _crc(body: bytes, polynomial: int, bits: int) -> bytes:
    """Return a checksum: computed for all lanes in parallel, then for the remaining bytes."""
    table, ones = _table(polynomial), (1 << bits) - 1
    lanes = np.frombuffer(body, np.uint8, len(body) // _LANE * _LANE).reshape(-1, _LANE)
    each = np.zeros(len(lanes), np.uint64)
    for column in lanes.T:
        each = _step(each, column, table)
    crc, after_lane = ones, _after_zero_lane(polynomial, bits)
    for lane in each.tolist():
        # A CRC is linear: the bytes before a lane contribute as if the lane were zeros.
        before, crc = crc, lane
        for at in range(bits // 8):
            crc ^= after_lane[at][before >> 8 * at & 255]
    small = table.tolist()
    for byte in body[lanes.size :]:
        crc = crc >> 8 ^ small[(crc ^ byte) & 255]
    return int(crc ^ ones).to_bytes(bits // 8, "big")


def _step(
    crc: NDArray[np.uint64], byte: NDArray[np.uint8], table: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    added: NDArray[np.uint64] = table[crc.astype(np.uint8) ^ byte]  # by the lowest byte of each
    return crc >> np.uint64(8) ^ added


@cache
def _table(polynomial: int) -> NDArray[np.uint64]:
    """Return the CRC of each single byte."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
        table.append(crc)
    return np.array(table, np.uint64)


@cache
def _after_zero_lane(polynomial: int, bits: int) -> list[list[int]]:
    """Return what each byte of a CRC, by position, becomes after a lane of zeros."""
    table, zeros = _table(polynomial), np.zeros(256, np.uint8)
    made = []
    for at in range(bits // 8):
        crc = np.arange(256, dtype=np.uint64) << np.uint64(8 * at)
        for _ in range(_LANE):
            crc = _step(crc, zeros, table)
        made.append(crc.tolist())
    return made
