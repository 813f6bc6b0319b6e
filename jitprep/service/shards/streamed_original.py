"""An original that is read forwards as one stream, which is resumed by ranges where it breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jitprep.service.errors import RequestFailed
from jitprep.service.source.opening import open_ranges
from jitprep.service.source.original import TRANSIENT, Original, require_same
from jitprep.service.source.ranged_source import Ranges

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline
    from jitprep.service.messages import Source

_PIECE = 8 * 2**20


def stream_original(original: Original, source: Source, deadline: Deadline) -> Iterator[bytes]:
    """Yield the bytes of an open original, as they are stored.

    A connection that waits for a slow client may be closed by the store. What is missing is then read by
    ranges of the same version, which have tries of their own.

    Raises
    ------
    RequestFailed
        ``SourceUnavailable`` where no try succeeded, or the object was replaced; ``DeadlineExceeded``.
    """
    at = 0
    try:
        for piece in original.pieces():
            at += len(piece)
            yield piece
    except RequestFailed as failure:
        if failure.status not in TRANSIENT or failure.code == "DeadlineExceeded":
            raise
        broken = failure
    else:
        return
    with open_ranges(source, deadline) as rest:
        require_same(rest.object_head, original.object_head)
        if not isinstance(rest, Ranges):
            raise broken
        while at < rest.size:
            piece = rest.read_at(at, min(_PIECE, rest.size - at))
            at += len(piece)
            yield piece
