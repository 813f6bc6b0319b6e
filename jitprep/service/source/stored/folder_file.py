"""A file of a folder as an original: a regular file within the folder, of one version, and no other.

Files are read here and not by obstore, whose paths cannot name all of them, and which would open a FIFO.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING

from jitprep.service.errors import RequestFailed
from jitprep.service.source.original import Original, Tries, require_same, require_time
from jitprep.service.source.ranged_source import FIRST_BYTES, Ranges
from jitprep.service.source.response_heads import ObjectHead
from jitprep.service.source.source_errors import replaced
from jitprep.service.source.stored.folder import file_etag, file_state, leads_out

if TYPE_CHECKING:
    from jitprep.service.deadline import Deadline
    from jitprep.service.source.stored_object import StoredObject

_CHUNK = 2**20
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})


class _FileOriginal(Original):
    """A file that is open."""

    def __init__(self, opened: int, deadline: Deadline) -> None:
        super().__init__(_head(os.fstat(opened)))
        self._opened, self._deadline = opened, deadline

    def pieces(self) -> Iterator[bytes]:
        """Yield the file, if it is still what it was when it was opened."""
        length = self.object_head.length
        assert length is not None
        for at in range(0, length, _CHUNK):
            most = min(_CHUNK, length - at)
            yield _read(self._opened, at, self.object_head, most, self._deadline)

    def _stored(self, limit: int) -> bytes:
        length = self.object_head.length
        assert length is not None
        assert length <= limit
        return _read(self._opened, 0, self.object_head, length, self._deadline)


@contextmanager
def open_file(source: StoredObject, deadline: Deadline) -> Iterator[Original]:
    """Open a file, to be read whole.

    Raises
    ------
    RequestFailed
        ``NoSuchKey`` where there is no such file; ``SourceRefused`` for what is not a regular file, for
        a link that leads out of the folder, and for what the server may not read.
    """
    with _opened(source) as opened:
        yield _FileOriginal(opened, deadline)


@contextmanager
def open_file_ranges(source: StoredObject, deadline: Deadline) -> Iterator[Ranges]:
    """Open a file, to be read by ranges, as many as it takes. Raises what `open_file` raises."""
    with _opened(source) as opened:
        object_head = _head(os.fstat(opened))
        assert object_head.length is not None

        def fetch_part(start: int, stop: int, tries: Tries) -> bytes:
            assert object_head.length is not None
            length = max(min(stop, object_head.length) - start, 0)
            return _read(opened, start, object_head, length, tries.deadline)

        first = fetch_part(0, FIRST_BYTES, Tries(deadline))
        yield Ranges(fetch_part, deadline, object_head, first, sys.maxsize)


def read_file_part(
    source: StoredObject, start: int, stop: int, tries: Tries, before: ObjectHead | None
) -> tuple[ObjectHead, bytes]:
    """Return a file's head, and these bytes, or those of them that exist, of the same version.

    Raises what `open_file` raises.
    """
    with _opened(source) as opened:
        object_head = _head(os.fstat(opened))
        if before is not None:
            require_same(object_head, before)
        assert object_head.length is not None
        length = max(min(stop, object_head.length) - start, 0)
        return object_head, _read(opened, start, object_head, length, tries.deadline)


def head_file(source: StoredObject) -> ObjectHead:
    """Return the head of a file without opening it. Raises what `open_file` raises."""
    with _refusals(source):
        return _head(_checked(source)[1])


def _head(status: os.stat_result) -> ObjectHead:
    modified = formatdate(status.st_mtime, usegmt=True)
    return ObjectHead(
        file_etag(status), modified, None, status.st_size, None, {}, file_state(status)
    )


@contextmanager
def _opened(source: StoredObject) -> Iterator[int]:
    with _refusals(source):
        path, _ = _checked(source)
        # Should a FIFO have taken the file's place meanwhile, opening it must not wait for a writer.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _require_file(os.fstat(opened), source)
        yield opened
    finally:
        os.close(opened)


def _checked(source: StoredObject) -> tuple[str, os.stat_result]:
    """Return the path and the status of a regular file within the folder."""
    top, names = source.store.path, source.path.split("/")
    if source.version is not None:
        raise RequestFailed(
            501, "NotImplemented", "files have no versions; leave the version out of the request"
        )
    if "\0" in source.path or not {"", ".", ".."}.isdisjoint(names):
        raise _missing(source)
    if leads_out(top, names):
        raise RequestFailed(
            403,
            "SourceRefused",
            "the link points outside of the mount's folder; mount the folder that it points to, or "
            "remove the link",
        )
    path = os.path.join(top, *names)  # noqa: PTH118
    status = os.stat(path)  # noqa: PTH116
    _require_file(status, source)
    return path, status


def _require_file(status: os.stat_result, source: StoredObject) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise _missing(source)
    if not stat.S_ISREG(status.st_mode):
        raise RequestFailed(
            403, "SourceRefused", "this name in the folder is not a file's, and so is not opened"
        )


@contextmanager
def _refusals(source: StoredObject) -> Iterator[None]:
    """Raise the system's errors as failures of the request, without the server's paths."""
    try:
        yield
    except UnicodeEncodeError:
        raise _missing(source) from None
    except OSError as error:
        if error.errno in _NO_FILE:
            raise _missing(source) from None
        raise _unreadable(error) from None


def _unreadable(error: OSError) -> RequestFailed:
    words = error.strerror or type(error).__name__
    if isinstance(error, PermissionError):
        message = f"the server may not read the file ({words}); check its permissions"
        return RequestFailed(403, "SourceRefused", message)
    message = f"the file could not be read ({words}); try again, and check the disk"
    return RequestFailed(503, "SourceUnavailable", message)


def _missing(source: StoredObject) -> RequestFailed:
    return RequestFailed(404, "NoSuchKey", f"the mount has no file {source.key!r}")


def _read(opened: int, start: int, head: ObjectHead, length: int, deadline: Deadline) -> bytes:
    """Return bytes of the file, if it is still what it was when it was opened."""
    chunks, at = [], start
    while at < start + length:
        require_time(deadline)
        try:
            chunk = os.pread(opened, min(_CHUNK, start + length - at), at)
        except OSError as error:
            raise _unreadable(error) from None
        if not chunk:
            raise replaced()
        chunks.append(chunk)
        at += len(chunk)
    if file_etag(os.fstat(opened)) != head.etag:
        raise replaced()
    return b"".join(chunks)
