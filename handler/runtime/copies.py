"""The read-through store in Lambda, which stops the process once the answer is returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitprep.service.config import config

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline

# How long an answer waits for the copy of its result to be written.
_MOST_S = 2.0


def open_copies() -> None:
    """Open the configured store. Raises ValueError where that is not possible."""
    from jitprep.service.results.read_through import read_through  # noqa: PLC0415  few have a store

    if (place := config().policy.store) is not None:
        read_through(place)


def finish_writes(deadline: Deadline) -> None:
    """Wait for the copies that this request has begun to write."""
    from jitprep.service.results.copy_writer import copy_writer  # noqa: PLC0415  as above

    copy_writer.finish(min(_MOST_S, deadline.left))
