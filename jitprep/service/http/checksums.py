"""Checksums of whole bodies, as S3 sends them in headers."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping

# How the names of checksums' headers begin.
HEADER = "x-amz-checksum-"


class ChecksumMismatch(Exception):
    """A body does not have the checksum that S3 sent."""


def crc32(body: bytes | bytearray) -> str:
    """Return the value of ``x-amz-checksum-crc32``."""
    return _text(zlib.crc32(body).to_bytes(4, "big"))


def verify(body: bytes, headers: Mapping[str, str]) -> None:
    """Compare a body with the checksums that came with it.

    Two forms are skipped: CRC32C and CRC64NVME, which no library here computes, and checksums of the
    parts' checksums, which end in a dash and the number of parts.

    Raises
    ------
    ChecksumMismatch
    """
    for name, compute in _COMPUTED.items():
        sent = headers.get(f"{HEADER}{name}")
        if sent is not None and "-" not in sent and sent != compute(body):
            raise ChecksumMismatch


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


_COMPUTED: Mapping[str, Callable[[bytes], str]] = {
    "crc32": crc32,
    "sha1": lambda body: _text(hashlib.sha1(body, usedforsecurity=False).digest()),
    "sha256": lambda body: _text(hashlib.sha256(body).digest()),
}
