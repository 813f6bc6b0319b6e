"""The checksums that Python's standard library does not have."""

from __future__ import annotations

import random

import pytest

from jitprep.emulator.store.crc import crc32c, crc64nvme


def bit_by_bit(body: bytes, polynomial: int, bits: int) -> bytes:
    crc = ones = (1 << bits) - 1
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (polynomial if crc & 1 else 0)
    return (crc ^ ones).to_bytes(bits // 8, "big")


def test_the_check_values_of_the_catalogue():
    """From https://reveng.sourceforge.io/crc-catalogue/."""
    assert crc32c(b"123456789").hex() == "e3069283"
    assert crc64nvme(b"123456789").hex() == "ae8b14860a799888"


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 3000, 4096])
def test_bodies_of_any_size_have_the_checksum_of_a_bitwise_crc(size):
    body = random.Random(size).randbytes(size)
    assert crc32c(body) == bit_by_bit(body, 0x82F63B78, 32)
    assert crc64nvme(body) == bit_by_bit(body, 0x9A6C9329AC4BC9B5, 64)
