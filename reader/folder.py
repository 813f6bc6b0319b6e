"""What is in a folder, as a bucket would list it; and what is not listed, so that it can be reported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from preprocessing.names import is_hidden


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder and of all folders in it.

    Parameters
    ----------
    keys : list of str
        The paths of everything that is not a folder, in S3's order. A name that is not UTF-8 has
        surrogates in it, as `os.fsdecode` has them.
    left_out : list of str
        Hidden files and folders, and links to folders that the link itself lies in.
    unreadable : dict of str to str
        Folders whose files are unknown, and why; ``.`` for the folder itself.
    """

    keys: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be listed: its key with a slash, and what identifies it and the folders above it."""

    path: str
    key: str
    above: frozenset[tuple[int, int]]


def listing(top: Path, prefix: str = "") -> Listing:
    """List the files whose keys begin with `prefix`. Links are followed, to folders too.

    A prefix cannot lead out of the folder: of names such as ``..`` it has none.
    """
    found = Listing()
    inside = prefix.rpartition("/")[0]
    names = inside.split("/") if "/" in prefix else []
    if "\0" in prefix or not {"", ".", ".."}.isdisjoint(names):
        return found
    start = os.path.join(top, *names)  # noqa: PTH118  pathlib is slow, for a million files
    if names and not os.path.isdir(start):  # noqa: PTH112
        return found
    waiting = [_Folder(start, f"{inside}/" if names else "", frozenset())]
    while waiting:
        waiting += _list(waiting.pop(), prefix, found)
    found.keys.sort(key=os.fsencode)
    found.left_out.sort(key=os.fsencode)
    return found


def _list(folder: _Folder, prefix: str, found: Listing) -> Iterator[_Folder]:
    """Sort what lies in one folder, and give the folders in it."""
    try:
        status = os.stat(folder.path)  # noqa: PTH116
        me = (status.st_dev, status.st_ino)
        if me in folder.above:  # a link that leads back: what it holds is listed already
            found.left_out.append(folder.key)
            return
        with os.scandir(folder.path) as entries:
            inside = list(entries)
    except OSError as error:
        found.unreadable[folder.key or "."] = error.strerror or type(error).__name__
        return
    for entry in inside:
        key = folder.key + entry.name
        # A prefix may end within a name; and what is not asked for need not be readable.
        if not key.startswith(prefix):
            continue
        if is_hidden(key, prefix):
            found.left_out.append(key)
        elif _is_folder(entry):
            yield _Folder(entry.path, f"{key}/", folder.above | {me})
        else:
            found.keys.append(key)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere: reading it says so
        return False
