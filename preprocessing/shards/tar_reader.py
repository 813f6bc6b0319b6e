"""Members of a tar archive, read as a stream: each is bounded, and the archive must be complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from preprocessing.errors import CorruptSource, EmptySource, LimitExceeded, UnknownFormat
from preprocessing.names import as_text
from preprocessing.shards.tar_headers import (
    BLOCK,
    DIRECTORY,
    FILE,
    GLOBAL_RECORDS,
    LONG_NAME,
    RECORDS,
    TarHeader,
    decode_long_name,
    decode_name,
    has_checksum,
    parse_header,
    parse_records,
    record_size,
    require_extension,
    require_harmless,
    require_name,
    require_no_length,
    require_one,
)

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.shards.byte_stream import ByteStream

_ZEROS = bytes(BLOCK)
# Zeros after the end, which pad to a tape's record: GNU tar's default is 10 KiB.
_MOST_PADDING = 2**24
_GZIP = b"\x1f\x8b"


class Member(NamedTuple):
    """A file or a folder of an archive.

    Parameters
    ----------
    name : str
        A relative path.
    body : bytes
        Content; empty for a folder.
    head : bytes
        Its header blocks as they were read, with long names and pax records before them.
    is_file : bool
    """

    name: str
    body: bytes
    head: bytes
    is_file: bool


def read_members(stream: ByteStream, limits: Limits) -> Iterator[Member]:
    """Yield the members in order, each with its whole content.

    Parameters
    ----------
    stream : ByteStream
    limits : Limits
        `source_bytes` bounds each member, and `members` their number.

    Raises
    ------
    EmptySource, UnknownFormat
        If it is empty, or no tar archive.
    CorruptSource
        If it is damaged, or ends without its end marker.
    UnsupportedSource
        For links, devices, sparse files, and names that lead out of the folder.
    LimitExceeded
    """
    first = stream.read_rest(BLOCK)
    _require_tar(first)
    block, count = first, 0
    while block != _ZEROS:
        offset = stream.offset - BLOCK
        header, head = _read_header(block, stream, offset)
        count += 1
        _require_count(count, limits)
        if header is not None:
            yield _read_member(header, head, stream, limits)
        block = _next_block(stream)
    _require_end(stream)


def _next_block(stream: ByteStream) -> bytes:
    block = stream.read_rest(BLOCK)
    if len(block) < BLOCK:
        raise CorruptSource(
            f"the shard ends after {stream.offset} bytes, without its end marker; upload it again"
        )
    return block


def _require_tar(first: bytes) -> None:
    if not first:
        raise EmptySource("the shard has 0 bytes; upload it again")
    if first.startswith(_GZIP):
        raise UnknownFormat(
            "the shard is compressed with gzip; store it as an uncompressed tar archive"
        )
    if len(first) < BLOCK or not (first == _ZEROS or has_checksum(first)):
        raise UnknownFormat(
            "the object is not a tar archive, which a pipeline that begins with tar/ takes; leave tar/ "
            "out to read one object"
        )


def _read_header(block: bytes, stream: ByteStream, offset: int) -> tuple[TarHeader | None, bytes]:
    """Return a member's header, with the name and size of the extensions before it, and all blocks.

    The header is None for global records, which belong to no member.
    """
    header = parse_header(block, offset)
    if header.type in (FILE, DIRECTORY):
        require_name(header)
        return header, block
    names, sizes, blocks = list[str](), list[int](), [block]
    while header.type in (LONG_NAME, RECORDS, GLOBAL_RECORDS):
        require_extension(header, len(blocks))
        body = stream.read(header.padded, "a long name")
        if header.type == LONG_NAME:
            names.append(decode_long_name(body, header.size))
        else:
            records = parse_records(body[: header.size], stream.offset - header.padded)
            if header.type == GLOBAL_RECORDS:
                require_harmless(records, first=len(blocks) == 1)
                return None, b""
            if "path" in records:
                names.append(decode_name(records["path"]))
            if "size" in records:
                sizes.append(record_size(records["size"]))
        header = parse_header(stream.read(BLOCK, "a header"), stream.offset - BLOCK)
        blocks += [body, header.block]
    require_one(names, sizes)
    found = header._replace(
        name=names[0] if names else header.name, size=sizes[0] if sizes else header.size
    )
    require_name(found)
    require_no_length(found)
    return found, b"".join(blocks)


def _read_member(header: TarHeader, head: bytes, stream: ByteStream, limits: Limits) -> Member:
    if header.size > limits.source_bytes:
        raise LimitExceeded(
            f"member {as_text(header.name)!r} of the shard has {header.size} bytes, more than the limit "
            f"of {limits.source_bytes}; raise the limit or store a smaller file"
        )
    padded = stream.read(header.padded, f"member {header.name!r}")
    return Member(header.name, padded[: header.size], head, header.type != DIRECTORY)


def _require_count(count: int, limits: Limits) -> None:
    if count > limits.members:
        raise LimitExceeded(
            f"the shard has more than {limits.members} members; store smaller shards"
        )


def _require_end(stream: ByteStream) -> None:
    """Raise unless only zeros follow, which pad the archive."""
    padding = 0
    while block := stream.read_rest(2**16):
        padding += len(block)
        if block.strip(b"\0"):
            raise CorruptSource(
                f"the shard has data after its end, before byte {stream.offset}; join archives with "
                "tar --concatenate"
            )
        if padding > _MOST_PADDING:
            raise CorruptSource("the shard has more than 16 MiB of zeros after its end")
