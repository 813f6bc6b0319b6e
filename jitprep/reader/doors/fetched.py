"""What a store's reader has fetched for an object, and the room in memory that it takes."""

from __future__ import annotations

from dataclasses import dataclass

from jitprep.service.config import config
from jitprep.service.deadline import Deadline, original_room
from jitprep.service.messages import Source
from jitprep.service.results.copy_format import FoundCopy
from jitprep.service.results.kept_part import KeptPart
from jitprep.service.source.opening import peek_original
from jitprep.service.source.original import Original
from jitprep.service.source.original_store import OriginalStore
from jitprep.service.source.ranged_source import Ranges


@dataclass(frozen=True, slots=True)
class FetchedOriginal:
    """An original that waits for its turn.

    Parameters
    ----------
    store : OriginalStore
    original : Original or Ranges
    stored : bytes
        As they are in the store; none of an original that is read by ranges.
    room : int
        Bytes of memory to give back.
    """

    store: OriginalStore
    original: Original | Ranges
    stored: bytes
    room: int


@dataclass(frozen=True, slots=True)
class FetchedCopy:
    """A copy that waits for its turn.

    Parameters
    ----------
    store : OriginalStore
    found : FoundCopy
    etag : str
        The original's.
    room : int
        Bytes of memory to give back.
    """

    store: OriginalStore
    found: FoundCopy
    etag: str
    room: int


def receive_stored(original: Original | Ranges, deadline: Deadline) -> tuple[bytes, int]:
    """Return the stored bytes, once there is room for them, and the room; none to be read by ranges."""
    if isinstance(original, Ranges):
        return b"", 0
    limit = config().policy.limits.source_bytes
    room = limit if original.length is None else min(original.length, limit)
    original_room().take(room, deadline)
    try:
        return original.stored(limit), room
    except BaseException:
        original_room().give(room)
        raise


def fetch_copy(
    kept: KeptPart, store: OriginalStore, source: Source, deadline: Deadline
) -> FetchedCopy | None:
    """Return the copy of what an original is now; None where the original must be read."""
    head = peek_original(source, deadline)
    if head is None or (found := kept.find(source.name, head)) is None:
        return None
    original_room().take(len(found.body), deadline)
    return FetchedCopy(store, found, head.etag, len(found.body))


def give_back(fetched: FetchedOriginal | FetchedCopy) -> None:
    """Give back the room in memory of what was fetched."""
    original_room().give(fetched.room)
