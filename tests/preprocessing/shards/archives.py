"""Tar archives as tests need them: written by Python's tarfile, and by hand where that refuses."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping

END = bytes(1024)


def shard(
    members: Mapping[str, bytes] | Iterable[tuple[str, bytes]], form: int = tarfile.USTAR_FORMAT
) -> bytes:
    """Return an archive of these files, in order."""
    pairs = members.items() if isinstance(members, Mapping) else members
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, body in pairs:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(body), 1_700_000_000
            archive.addfile(info, io.BytesIO(body))
    return stream.getvalue()


def unpacked(archive: bytes) -> list[tuple[str, bytes]]:
    """Return the files of an archive as tarfile reads them."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return [(info.name, content(opened, info)) for info in opened.getmembers()]


def content(opened: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    file = opened.extractfile(info)
    return b"" if file is None else file.read()


def header(
    name: bytes = b"a.jpg", size: int | bytes = 0, kind: bytes = b"0", **fields: bytes
) -> bytes:
    """Return a ustar header with any values and a right checksum."""
    written = b"%011o\0" % size if isinstance(size, int) else size
    block = bytearray(512)
    for start, value in (
        (0, name),
        (100, b"0000644\0"),
        (124, written),
        (148, b" " * 8),
        (156, kind),
        (257, fields.get("magic", b"ustar\x0000")),
        (345, fields.get("prefix", b"")),
    ):
        block[start : start + len(value)] = value
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def extension(kind: bytes, body: bytes) -> bytes:
    """Return a long name or pax records, which come before a member's own header."""
    return header(b"x", len(body), kind) + padded(body)


def padded(body: bytes) -> bytes:
    """Return a content with its padding."""
    return body + bytes(-len(body) % 512)


def records(**values: str) -> bytes:
    """Return pax records, as POSIX.1-2017 writes them."""
    written = b""
    for key, value in values.items():
        line = f" {key.replace('_', '.')}={value}\n".encode()
        length = len(line)
        while len(str(length)) + len(line) != length:
            length = len(str(length)) + len(line)
        written += str(length).encode() + line
    return written
