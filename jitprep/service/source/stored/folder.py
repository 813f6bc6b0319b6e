"""A folder of originals, and the links that lead out of it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from preprocessing.frozen import frozen

# The coarsest clock of a file system is FAT's, which ticks every two seconds.
SETTLED_S = 2.0


@frozen
class Folder:
    """A folder whose files are originals; their paths in it are their keys.

    Parameters
    ----------
    path : Path
    """

    path: Path


def leads_out(top: Path, names: Sequence[str]) -> bool:
    """Whether a path in a folder passes through a link that points outside of the folder."""
    path = os.fspath(top)
    for name in names:
        path = os.path.join(path, name)  # noqa: PTH118  pathlib is slow for a million files
        if os.path.islink(path) and is_outside(path, os.path.realpath(top)):  # noqa: PTH114
            return True
    return False


def is_outside(path: str, top: str) -> bool:
    """Whether the real path of `path` is outside of the real path `top`."""
    return os.path.commonpath((os.path.realpath(path), top)) != top


def folder_identity(folder: str) -> tuple[int, int]:
    """Return what two paths to one folder have in common."""
    status = os.stat(folder)  # noqa: PTH116
    return status.st_dev, status.st_ino


def file_etag(status: os.stat_result) -> str:
    """Return a file's ETag, in quotes: its inode, the moment of its last change, and its size.

    It needs no bytes, so that a HEAD, a condition and a listing cost no reading. It changes when other
    bytes are renamed to the file's name, even where they keep the size and the time.
    """
    return f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"'


def file_state(status: os.stat_result) -> str:
    """Return what identifies a file's bytes, beyond its ETag; empty where nothing does.

    The time of the last change of status changes with every write, and no program can set it. A file
    that has just changed may change again within one tick of the clock, as git knows.
    """
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    if time.time() - changed / 1e9 < SETTLED_S:
        return ""
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return "-".join(format(part, "x") for part in parts)
