"""Copies in a local folder: bounded, the oldest use evicted first, and shared by processes.

Everything in it has a name of ours, ``jitprep-``, and nothing else is ever deleted. Anybody may delete
anything at any moment: a copy is read from one open file, and is whole or ignored.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from array import array
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np

from jitprep.service.results.copy_format import FIRST_READ, FoundCopy, head_length, parse_copy_head

# A copy's modification time is its last use, within so many seconds.
_USE_S = 600.0
# What an eviction leaves of the limit, so that the next one is not due at once.
_LEFT = 0.9
# A file that is not whole by then is left over from a process that ended.
_ABANDONED_S = 3600.0
_SHELF, _COPY = re.compile(r"jitprep-[0-9a-f]{2}"), re.compile(r"[0-9a-f]{38}")
_UNFINISHED = ".part"
# The file with the sum of all sizes, and the limit.
_SUM = "jitprep-bytes"
_numbers = count()


class CopyFolder:
    """A folder of copies.

    Parameters
    ----------
    path : Path
        It is made by the first write.
    most_bytes : int, optional
        Of all copies; None for half of the space that they have or could have.
    """

    def __init__(self, path: Path, most_bytes: int | None) -> None:
        self._path, self._most_bytes = os.fspath(path), most_bytes

    def read(self, name: str, row: memoryview | None = None) -> FoundCopy | None:
        """Return a copy; None where there is none.

        Parameters
        ----------
        name : str
        row : memoryview, optional
            Where the last bytes of the body go, if it has as many.

        Raises
        ------
        DamagedCopy, OSError
        """
        try:
            # A FIFO of this name must not wait for its writer.
            opened = os.open(self._file(name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            status = os.fstat(opened)
            found = _read(opened, name, status.st_size, row)
            if time.time() - status.st_mtime > _USE_S:
                with suppress(OSError):  # such as a folder that may only be read
                    os.utime(opened)
            return found
        finally:
            os.close(opened)

    def write(self, name: str, head: bytes, body: bytes | bytearray) -> None:
        """Write a copy, in one step for those who read it. Raises OSError."""
        file = self._file(name)
        unfinished = f"{file}.{os.getpid()}-{next(_numbers)}{_UNFINISHED}"
        os.makedirs(os.path.dirname(file), exist_ok=True)  # noqa: PTH103, PTH120  a copy's cost
        try:
            if not self._take_room(len(head) + len(body)):
                return
            opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            try:
                _write(opened, head, body)
            finally:
                os.close(opened)
            os.replace(unfinished, file)  # noqa: PTH105
        except FileNotFoundError:
            return  # somebody deletes the folder
        except OSError:
            with suppress(OSError):
                os.unlink(unfinished)  # noqa: PTH108
            raise

    def _file(self, name: str) -> str:
        return f"{self._path}/{name[:10]}/{name[10:]}"

    def _take_room(self, wanted: int) -> bool:
        """Count a copy's bytes, and evict where they are too many; return whether they fit.

        The sum is in a file that processes lock. It is an upper bound: copies that others delete stay
        counted until the next eviction counts anew.
        """
        opened = os.open(f"{self._path}/{_SUM}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            said = os.pread(opened, 64, 0).split()
            held, limit = map(int, said) if len(said) == 2 else (0, 0)
            limit = min(limit, self._most_bytes or limit)
            if held + wanted > limit:
                held, limit = self._make_room(wanted)
            fits = held + wanted <= limit
            line = b"%d %d\n" % (held + wanted if fits else held, limit)
            os.ftruncate(opened, os.pwrite(opened, line, 0))
            return fits
        finally:
            os.close(opened)  # which unlocks it

    def _make_room(self, wanted: int) -> tuple[int, int]:
        """Delete copies, the oldest use first; return the bytes that are left, and the limit."""
        used, sizes = array("d"), array("q")
        for status, _ in self._files():
            used.append(status.st_mtime)
            sizes.append(status.st_size)
        held, limit = sum(sizes), self._most_bytes
        if limit is None:
            limit = (held + shutil.disk_usage(self._path).free) // 2
        if held + wanted <= limit or wanted > limit:
            return held, limit
        too_many = held + wanted - int(_LEFT * limit)
        oldest = np.argsort(used)
        last = int(np.searchsorted(np.cumsum(np.asarray(sizes)[oldest]), too_many))
        until = used[oldest[min(last, len(oldest) - 1)]]
        for status, path in self._files():
            if status.st_mtime <= until and too_many > 0:
                with suppress(OSError):
                    os.unlink(path)  # noqa: PTH108
                    held -= status.st_size
                    too_many -= status.st_size
        return held, limit

    def _files(self) -> Iterator[tuple[os.stat_result, str]]:
        """Yield the copies with their status, and delete what processes that ended left behind."""
        for shelf in _entries(self._path):
            if not _SHELF.fullmatch(shelf.name):
                continue
            for entry in _entries(shelf.path):
                if not _COPY.match(entry.name):
                    continue
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if not entry.name.endswith(_UNFINISHED):
                        yield status, entry.path
                    elif time.time() - status.st_mtime > _ABANDONED_S:
                        os.unlink(entry.path)  # noqa: PTH108


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            yield from entries
    except OSError:  # such as a folder that was deleted meanwhile
        return


def _read(opened: int, name: str, size: int, row: memoryview | None) -> FoundCopy:
    first = os.pread(opened, FIRST_READ, 0)
    start = head_length(first)
    if start > FIRST_READ:
        first = os.pread(opened, start, 0)
    head = parse_copy_head(first, name, size)
    samples = row if row is not None and len(row) <= head.length else None
    before = bytearray(head.length - (0 if samples is None else len(samples)))
    parts: list[bytearray | memoryview] = [before] if samples is None else [before, samples]
    os.preadv(opened, parts, head.start)  # where it reads less, the checksum says so
    head.require(*parts)
    return FoundCopy(head.content_type, head.metadata, before, samples is not None)


def _write(opened: int, head: bytes, body: bytes | bytearray) -> None:
    """Write all of a copy, however many bytes the system takes at once."""
    left = memoryview(b"".join((head, body)))
    while left:
        left = left[os.write(opened, left) :]
