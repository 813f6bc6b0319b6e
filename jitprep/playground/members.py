"""Members of shards: which there are, and each as an object that is looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from jitprep.playground.asks import AskRefused
from jitprep.playground.drawing.view import ShardMember
from jitprep.playground.items import Item
from preprocessing import Limits, UnknownFormat
from preprocessing.frozen import frozen
from preprocessing.names import as_text
from preprocessing.shards.byte_stream import ByteStream, ShardSource, pieces_of
from preprocessing.shards.samples import key_and_extension
from preprocessing.shards.skipped import NAME as SKIPPED
from preprocessing.shards.tar_headers import BLOCK, has_checksum
from preprocessing.shards.tar_reader import Member, read_members
from preprocessing.sources import format_of

MOST_MEMBERS = 10_000
_NAMED = 100


@frozen
class ShardList:
    """What is in a shard.

    Parameters
    ----------
    members : tuple of ShardMember
        Its first files.
    count, samples, nbytes : int
        Files and samples in all, and bytes of the archive.
    skipped : bytes
        The report of the samples that the shard's pipeline left out; empty where there is none.
    """

    members: tuple[ShardMember, ...]
    count: int
    samples: int
    nbytes: int
    skipped: bytes


def is_shard(content: bytes) -> bool:
    """Whether an object is a tar archive."""
    return len(content) >= BLOCK and has_checksum(content[:BLOCK])


def shard_members(source: ShardSource, limits: Limits) -> ShardList:
    """List the files of a shard. It is read as a stream, and none but the current one is in memory.

    Raises
    ------
    SourceError, LimitExceeded
        As the library reads shards.
    """
    stream = ByteStream(pieces_of(source))
    found, count, samples, last, skipped = list[ShardMember](), 0, 0, "", b""
    for member in _files(stream, limits):
        key, _ = key_and_extension(member.name)
        samples += count == 0 or key != last
        count, last = count + 1, key
        if member.name == SKIPPED:
            samples, skipped = samples - 1, member.body
        if len(found) < MOST_MEMBERS:
            kind = content_kind(member.body)
            found.append(ShardMember(member.name, len(member.body), kind, key))
    return ShardList(tuple(found), count, samples, stream.offset, skipped)


def read_member(shard: Item, name: str, limits: Limits) -> Item:
    """Return a file of a shard as an object. Random steps draw for it as in a pipeline for shards.

    Parameters
    ----------
    shard : Item
    name : str
        Of several files with this name, the last one is meant, as in an archive that is unpacked.
    limits : Limits

    Raises
    ------
    AskRefused
        If no file has the name.
    SourceError, LimitExceeded
    """
    found = None
    for member in _files(ByteStream(pieces_of(shard.content)), limits):
        if member.name == name:
            found = member.body
    if found is None:
        raise AskRefused(f"the shard has no file {as_text(name)[:_NAMED]!r}; list it again")
    return Item(name, key_and_extension(name)[0], etag_of(shard), found)


def etag_of(item: Item) -> str:
    """Return an object's ETag, or where it has none the MD5 of its content, in quotes."""
    if item.etag is not None:
        return item.etag
    digest = hashlib.md5(item.content, usedforsecurity=False).hexdigest()
    return f'"{digest}"'


def content_kind(content: bytes) -> str:
    """Return the kind of object that a content is; empty for what no pipeline takes."""
    if not content:
        return ""
    try:
        return format_of(content, "image", any_kind=True).kind
    except UnknownFormat:
        return ""


def _files(stream: ByteStream, limits: Limits) -> Iterator[Member]:
    return (member for member in read_members(stream, limits) if member.is_file)
