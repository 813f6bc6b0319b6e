"""The ways to open an original, chosen by where it is.

Those of a server's stores are imported at their first use: the function has none, and pays for each
import at every cold start.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from jitprep.service.errors import RequestFailed
from jitprep.service.messages import Presigned, Source
from jitprep.service.source.original import (
    MOST_TRIES,
    Original,
    Tries,
    head_signed,
    open_signed,
)
from jitprep.service.source.ranged_source import (
    AnsweredWhole,
    Ranges,
    open_signed_ranges,
    peek_signed,
    read_signed_part,
)

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline
    from jitprep.service.source.response_heads import ObjectHead


def open_original(
    source: Source, deadline: Deadline, tries: int = MOST_TRIES
) -> AbstractContextManager[Original]:
    """Open the original, to be read whole.

    Parameters
    ----------
    source : Presigned or StoredObject
    deadline : Deadline
    tries : int
        That opening and reading it have in all; 1 for a caller that tries again itself.

    Raises
    ------
    RequestFailed
        Where it cannot be read, with S3's own status, code and message where S3 refuses;
        ``SourceNotAllowed`` for a URL that is not S3's; ``SourceRefused`` where the server may not read
        its source; ``SourceUnavailable`` where no try succeeded; ``DeadlineExceeded``.
    """
    if isinstance(source, Presigned):
        return open_signed(source, deadline, tries)
    from jitprep.service.source.stored import folder, folder_file, stored_original  # noqa: PLC0415

    if isinstance(source.store, folder.Folder):
        return folder_file.open_file(source, deadline)
    return stored_original.open_stored(source, deadline, tries)


def open_ranges(source: Source, deadline: Deadline) -> AbstractContextManager[Ranges | Original]:
    """Open the original, to be read by ranges, or whole where it must be.

    Raises what `open_original` raises.
    """
    if isinstance(source, Presigned):
        return open_signed_ranges(source, deadline)
    from jitprep.service.source.stored import folder, folder_file, stored_original  # noqa: PLC0415

    if isinstance(source.store, folder.Folder):
        return folder_file.open_file_ranges(source, deadline)
    return stored_original.open_stored_ranges(source, deadline)


def read_part(
    source: Source, start: int, stop: int, deadline: Deadline, before: ObjectHead | None = None
) -> tuple[ObjectHead, bytes]:
    """Ask once for some bytes of an object; return its head, and those of them that exist.

    Parameters
    ----------
    source : Presigned or StoredObject
    start, stop : int
    deadline : Deadline
    before : ObjectHead, optional
        Of an earlier answer; the bytes must be of the same version.

    Raises
    ------
    RequestFailed
        What `open_original` raises; 416 where there are no such bytes.
    AnsweredWhole
        Where the store answers with the whole object.
    """
    tries = Tries(deadline, 1)
    if isinstance(source, Presigned):
        return read_signed_part(source, start, stop, tries, before)
    from jitprep.service.source.stored import folder, folder_file, stored_original  # noqa: PLC0415

    if isinstance(source.store, folder.Folder):
        return folder_file.read_file_part(source, start, stop, tries, before)
    return stored_original.read_stored_part(source, start, stop, tries, before)


def head_original(source: Source, deadline: Deadline, tries: int = MOST_TRIES) -> ObjectHead:
    """Read only the headers. Raises what `open_original` raises."""
    if isinstance(source, Presigned):
        return head_signed(source, deadline, tries)
    from jitprep.service.source.stored import folder, folder_file, stored_original  # noqa: PLC0415

    if isinstance(source.store, folder.Folder):
        return folder_file.head_file(source)
    return stored_original.head_stored(source, deadline, tries)


def peek_original(source: Source, deadline: Deadline) -> ObjectHead | None:
    """Ask once for the headers of a source that is good for a GET; None where reading it says why."""
    try:
        if isinstance(source, Presigned):
            return peek_signed(source, deadline)
        return head_original(source, deadline, tries=1)
    except (RequestFailed, AnsweredWhole):
        return None


def is_unchanged(source: Source, before: ObjectHead) -> bool:
    """Whether the bytes that were read are those of this head.

    A store's answer has the head and the bytes of one version. A file may have been written to while it
    was read, by a program that then set its time back.
    """
    if isinstance(source, Presigned) or not source.place.startswith("file:"):
        return True
    from jitprep.service.source.stored.folder_file import head_file  # noqa: PLC0415  as above

    try:
        return head_file(source).version == before.version
    except RequestFailed:
        return False
