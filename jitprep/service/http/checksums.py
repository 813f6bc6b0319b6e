"""Checksums of whole bodies, as S3 sends them in headers."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping


class ChecksumMismatch(Exception):
    """A body that is not the one that S3 computed its checksum of."""


def crc32(body: bytes | bytearray) -> str:
    """Return the value of ``x-amz-checksum-crc32``."""
    return _text(zlib.crc32(body).to_bytes(4, "big"))


def verify(body: bytes, headers: Mapping[str, str]) -> None:
    """Compare a body with the checksum that came with it, if one did.

    S3 may also send CRC32C and CRC64NVME, which no library here computes, and checksums of checksums
    for what was uploaded in parts, with their number behind a dash: those say nothing here.

    Raises
    ------
    ChecksumMismatch
    """
    for name, compute in _COMPUTED.items():
        sent = headers.get(f"x-amz-checksum-{name}")
        if sent is not None and "-" not in sent and sent != compute(body):
            raise ChecksumMismatch


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


_COMPUTED: Mapping[str, Callable[[bytes], str]] = {
    "crc32": crc32,
    "sha1": lambda body: _text(hashlib.sha1(body, usedforsecurity=False).digest()),
    "sha256": lambda body: _text(hashlib.sha256(body).digest()),
}
