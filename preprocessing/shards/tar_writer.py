"""Members of a tar archive as bytes. What passes keeps its header, and what was made gets a new name."""

from __future__ import annotations

from tarfile import PAX_FORMAT, TarInfo

from preprocessing.shards.tar_headers import BLOCK

# Two blocks of zeros: POSIX.1-2017, pax, "ustar Interchange Format".
END = bytes(2 * BLOCK)
_OWN_MODE = 0o644


def pad(body: bytes | bytearray) -> bytes:
    """Return the zeros that follow a content."""
    return bytes(-len(body) % BLOCK)


def renamed_header(head: bytes, name: str, size: int) -> bytes:
    """Return a member's header with another name and size; all else is kept.

    Parameters
    ----------
    head : bytes
        The header blocks as they were read. The last one is the header itself.
    name : str
    size : int
        In bytes.
    """
    encoded = name.encode()
    block = bytearray(head[-BLOCK:])
    if len(head) > BLOCK or len(encoded) > 100 or any(block[345:500]) or size >= 8**11:
        before = TarInfo.frombuf(bytes(block), "utf-8", "surrogateescape")
        before.name, before.size, before.pax_headers = name, size, {}
        return before.tobuf(PAX_FORMAT, "utf-8", "strict")
    block[:100] = encoded.ljust(100, b"\0")
    block[124:136] = b"%011o\0" % size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def own_header(name: str, size: int) -> bytes:
    """Return the header of a member that the shard did not have."""
    info = TarInfo(name)
    info.size, info.mode = size, _OWN_MODE
    return info.tobuf(PAX_FORMAT, "utf-8", "strict")
