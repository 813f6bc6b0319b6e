"""The files of a folder in the order of a bucket's keys, from any point on, found while they are taken.

A page of a listing needs a thousand files of a folder that may hold millions. So a walk visits only the
folders that hold files of the page, and sorts one folder at a time.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime

from jitprep.service.source.stored.folder import (
    Folder,
    file_etag,
    folder_identity,
    is_outside,
    leads_out,
)
from jitprep.service.source.stored.listing_page import Listed, PageRequest
from preprocessing.frozen import frozen
from preprocessing.names import is_hidden, is_utf8


@frozen
class _Level:
    """A folder on the way: its path, its key with a slash, and the folders above it."""

    path: str
    key: str
    above: frozenset[tuple[int, int]]


def walk_folder(folder: Folder, asked: PageRequest) -> Iterator[Listed]:
    """Yield the files that may be on a page, in order.

    A subfolder whose files all fall into one group is yielded as one entry that stands for them, if it
    holds any. Hidden files, links that lead out of the folder, links to a folder above them, names that
    are not UTF-8, folders that cannot be read, and what is not a regular file are left out: none of them
    could be read as an object.

    Parameters
    ----------
    folder : Folder
    asked : PageRequest
    """
    names = asked.prefix.split("/")[:-1]
    if "\0" in asked.prefix or not {"", ".", ".."}.isdisjoint(names):
        return
    if leads_out(folder.path, names):
        return
    above = [os.path.join(folder.path, *names[:count]) for count in range(len(names) + 1)]  # noqa: PTH118
    try:
        way = [folder_identity(path) for path in above]
    except OSError:
        return
    if len(set(way)) < len(way):  # a listing without a prefix does not come here either
        return
    key = "".join(f"{name}/" for name in names)
    yield from _Walk(folder, asked).files(_Level(above[-1], key, frozenset(way[:-1])))


class _Walk:
    def __init__(self, folder: Folder, asked: PageRequest) -> None:
        self._top, self._asked = os.path.realpath(folder.path), asked

    def files(self, level: _Level) -> Iterator[Listed]:
        """Yield the files below a folder that come after the marker."""
        inside = [(key, entry) for key, entry in self._entries(level) if not self._before(key)]
        inside.sort(key=lambda pair: pair[0])
        for key, entry in inside:
            if not key.endswith("/"):
                found = _listed(key, entry)
                if found is not None:
                    yield found
                continue
            below = self._below(level, key, entry)
            if below is None:
                continue
            if self._asked.group_of(key) is None:
                yield from self.files(below)
            elif self._holds_files(below):
                yield Listed(key)

    def _before(self, key: str) -> bool:
        """Whether a file, or each file of a folder, comes before the page or is on an earlier one."""
        asked = self._asked
        group = asked.group_of(key)
        if group is not None:
            return group <= asked.after
        return key <= asked.after and not (key.endswith("/") and asked.after.startswith(key))

    def _entries(self, level: _Level) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Yield a folder's entries that may be listed; the keys of its subfolders end in a slash."""
        try:
            with os.scandir(level.path) as entries:
                for entry in entries:
                    key = level.key + entry.name
                    if not key.startswith(self._asked.prefix[: len(key)]) or not is_utf8(key):
                        continue
                    if is_hidden(key, self._asked.prefix):
                        continue
                    if entry.is_symlink() and is_outside(entry.path, self._top):
                        continue
                    if _is_folder(entry):
                        key = f"{key}/"
                    if key.startswith(self._asked.prefix):
                        yield key, entry
        except OSError:
            return

    def _below(self, level: _Level, key: str, entry: os.DirEntry[str]) -> _Level | None:
        """Return a subfolder, unless it is a link to a folder above it, which would never end."""
        try:
            above = level.above | {folder_identity(level.path)}
            looped = folder_identity(entry.path) in above
        except OSError:
            return None
        return None if looped else _Level(entry.path, key, above)

    def _holds_files(self, level: _Level) -> bool:
        """Whether there is any file below a folder; the first one that comes will do."""
        folders = []
        for key, entry in self._entries(level):
            if key.endswith("/"):
                folders.append((key, entry))
            elif _listed(key, entry) is not None:
                return True
        levels = (self._below(level, key, entry) for key, entry in folders)
        return any(below is not None and self._holds_files(below) for below in levels)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _listed(key: str, entry: os.DirEntry[str]) -> Listed | None:
    try:
        status = entry.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    changed = datetime.fromtimestamp(status.st_mtime, UTC)
    return Listed(key, status.st_size, changed, file_etag(status))
