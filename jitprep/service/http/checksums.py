"""Checksums of whole bodies, as S3 sends them in headers."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

# How the names of checksums' headers begin.
HEADER = "x-amz-checksum-"
CRC32 = f"{HEADER}crc32"


class ChecksumMismatch(Exception):
    """A body does not have the checksum that S3 sent."""


def crc32(*pieces: Buffer) -> str:
    """Return the value of ``x-amz-checksum-crc32`` of a body, which may be in pieces."""
    value = 0
    for piece in pieces:
        value = zlib.crc32(piece, value)
    return _text(value.to_bytes(4, "big"))


def verify(headers: Mapping[str, str], *pieces: Buffer) -> None:
    """Compare a body, which may be in pieces, with the checksums that came with it.

    Two forms are skipped: CRC32C and CRC64NVME, which no library here computes, and checksums of the
    parts' checksums, which end in a dash and the number of parts.

    Raises
    ------
    ChecksumMismatch
    """
    for name, compute in _COMPUTED.items():
        sent = headers.get(f"{HEADER}{name}")
        if sent is not None and "-" not in sent and sent != compute(*pieces):
            raise ChecksumMismatch


def _hashed(algorithm: str, *pieces: Buffer) -> str:
    made = hashlib.new(algorithm, usedforsecurity=False)
    for piece in pieces:
        made.update(piece)
    return _text(made.digest())


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


_COMPUTED: Mapping[str, Callable[..., str]] = {
    "crc32": crc32,
    "sha1": partial(_hashed, "sha1"),
    "sha256": partial(_hashed, "sha256"),
}
