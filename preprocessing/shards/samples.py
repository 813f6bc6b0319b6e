"""Samples of a shard: consecutive members that share a key, as WebDataset groups them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from preprocessing.errors import LimitExceeded
from preprocessing.names import as_text
from preprocessing.shards.tar_reader import Member

if TYPE_CHECKING:
    from preprocessing.limits import Limits

# webdataset.tariterators.base_plus_ext: the key ends at the first dot of the file's name.
_KEY = re.compile(r"((?:.*/)?[^/.]+)\.([^/]*)", re.DOTALL)


class Sample(NamedTuple):
    """Members with one key.

    Parameters
    ----------
    key : str
        What the names share: ``train/0001`` of ``train/0001.jpg`` and ``train/0001.cls``.
    members : tuple of Member
        In the shard's order.
    """

    key: str
    members: tuple[Member, ...]


def key_and_extension(name: str) -> tuple[str, str]:
    """Return a member's key and extension; a name without a dot is a key without an extension."""
    found = _KEY.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


def group_samples(members: Iterable[Member], limits: Limits) -> Iterator[Sample]:
    """Yield samples in order. One sample is in memory at a time.

    Raises
    ------
    LimitExceeded
        If the members of one sample have more than ``limits.source_bytes`` in all.
    """
    key, held, total = "", list[Member](), 0
    for member in members:
        own, _ = key_and_extension(member.name)
        if held and own != key:
            yield Sample(key, tuple(held))
            held, total = [], 0
        key, total = own, total + len(member.body) + len(member.head)
        held.append(member)
        if total > limits.source_bytes:
            raise LimitExceeded(
                f"sample {as_text(key)!r} of the shard has more than {limits.source_bytes} bytes, the "
                "limit of one object; raise the limit, or give its members different names"
            )
    if held:
        yield Sample(key, tuple(held))


def renamed(name: str, suffix: str) -> str:
    """Return a member's name with another last extension: ``a.left.jpg`` becomes ``a.left.npy``."""
    folder, slash, file = name.rpartition("/")
    stem, dot, _ = file.rpartition(".")
    return f"{folder}{slash}{stem if dot and stem else file}.{suffix}"
