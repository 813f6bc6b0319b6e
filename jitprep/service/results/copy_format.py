"""The bytes of one copy: a head of JSON, and the encoded result, each with a checksum.

A copy is read only if it has the name that it was written by, and every byte of it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from preprocessing import Encoded
from preprocessing.frozen import frozen

_MAGIC = b"jitprep1"
# Before the head: the magic, and the length and the CRC-32 of the head.
_FIXED = len(_MAGIC) + 8
# Samples begin where any CPU likes to read them.
_ALIGNED = 64
_LONGEST_HEAD = 2**16
# Enough for nearly every head. The owner's metadata is not in it.
FIRST_READ = 2048
# Larger copies are neither written nor read.
MOST_BYTES = 2**28


class DamagedCopy(Exception):
    """A copy that is not what was written: cut short, changed, or something else's file."""


@frozen
class CopyHead:
    """What is written before the body.

    Parameters
    ----------
    start, length : int
        Of the body, in bytes.
    crc32 : int
        Of the body.
    content_type : str
    metadata : mapping of str to str
    """

    start: int
    length: int
    crc32: int
    content_type: str
    metadata: Mapping[str, str]

    def require(self, *parts: bytes | bytearray | memoryview) -> None:
        """Raise DamagedCopy unless these parts are the whole body."""
        crc = 0
        for part in parts:
            crc = zlib.crc32(part, crc)
        if crc != self.crc32 or sum(map(len, parts)) != self.length:
            raise DamagedCopy


@frozen
class FoundCopy:
    """A copy that was read.

    Parameters
    ----------
    content_type : str
    metadata : mapping of str to str
    body : bytes or bytearray
        Where `in_row`, only what comes before the samples.
    in_row : bool
        Whether the samples were read into the caller's row.
    """

    content_type: str
    metadata: Mapping[str, str]
    body: bytes | bytearray
    in_row: bool = False


def require_copy_size(size: int) -> None:
    """Raise DamagedCopy for the size of a file that no copy has, before it is read."""
    if size > MOST_BYTES:
        raise DamagedCopy


def head_length(first: bytes | memoryview) -> int:
    """Return how many bytes come before the body. Raises DamagedCopy."""
    length = int.from_bytes(first[8:12], "little")
    if bytes(first[:8]) != _MAGIC or length > _LONGEST_HEAD:
        raise DamagedCopy
    return _FIXED + length


def parse_copy_head(first: bytes | memoryview, name: str, size: int) -> CopyHead:
    """Read a head.

    Parameters
    ----------
    first : bytes-like
        The beginning of the copy, at least `head_length` bytes.
    name : str
        That the copy must have been written by.
    size : int
        Bytes of the whole copy.

    Raises
    ------
    DamagedCopy
    """
    require_copy_size(size)
    start = head_length(first)
    text = bytes(first[_FIXED:start])
    if len(text) != start - _FIXED or zlib.crc32(text) != int.from_bytes(first[12:16], "little"):
        raise DamagedCopy
    try:
        table: dict[str, Any] = json.loads(text)
        head = CopyHead(start, table["bytes"], table["crc32"], table["type"], table["metadata"])
        if table["name"] != name or start + head.length != size:
            raise DamagedCopy
    except (ValueError, LookupError, TypeError):  # of something else that has a checksum
        raise DamagedCopy from None
    return head


def write_head(name: str, encoded: Encoded) -> bytes:
    """Return what comes before the body of a copy."""
    table = {
        "name": name,
        "type": encoded.content_type,
        "bytes": len(encoded.body),
        "crc32": zlib.crc32(encoded.body),
        "metadata": encoded.metadata,
    }
    text = json.dumps(table, separators=(",", ":")).encode()
    text += b" " * (-(_FIXED + len(text)) % _ALIGNED)
    return b"".join(
        (_MAGIC, len(text).to_bytes(4, "little"), zlib.crc32(text).to_bytes(4, "little"), text)
    )


def parse_copy(data: memoryview, name: str, row: memoryview | None) -> FoundCopy:
    """Return a copy that is in memory; its samples in `row`, if they are as many. Raises DamagedCopy."""
    head = parse_copy_head(data, name, len(data))
    body = data[head.start :]
    head.require(body)
    if row is None or head.length < len(row):
        return FoundCopy(head.content_type, head.metadata, bytes(body))
    before = head.length - len(row)
    row[:] = body[before:]
    return FoundCopy(head.content_type, head.metadata, bytes(body[:before]), in_row=True)
