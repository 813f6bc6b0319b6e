"""The ways to open an original, chosen by where it is.

Those of a server's stores are imported at their first use: the function has none, and pays for each
import at every cold start.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from jitprep.service.messages import Presigned, Source
from jitprep.service.source.original import MOST_TRIES, Original, head_signed, open_signed
from jitprep.service.source.ranged_source import Ranges, open_signed_ranges

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


def head_original(source: Source, deadline: Deadline) -> ObjectHead:
    """Read only the headers. Raises what `open_original` raises."""
    if isinstance(source, Presigned):
        return head_signed(source, deadline)
    from jitprep.service.source.stored import folder, folder_file, stored_original  # noqa: PLC0415

    if isinstance(source.store, folder.Folder):
        return folder_file.head_file(source)
    return stored_original.head_stored(source, deadline)
