"""What is in a folder, as a bucket would list it; and what is not listed, so that it can be reported."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from preprocessing.names import is_hidden

LEADS_OUT = (
    "it is a link that leads out of the folder; open the folder that it leads to by its own address, "
    "or remove the link"
)


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
        Folders whose files are unknown, and links that are not followed, and why; ``.`` for the
        folder itself.
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


def leads_out(top: Path, names: Sequence[str]) -> bool:
    """Whether a name in a folder is a link, or lies behind one, that leads out of that folder."""
    path = os.fspath(top)
    for name in names:
        path = os.path.join(path, name)  # noqa: PTH118  pathlib is slow, for a million files
        if os.path.islink(path) and _is_outside(path, os.path.realpath(top)):  # noqa: PTH114
            return True
    return False


def _is_outside(path: str, top: str) -> bool:
    """Whether a path leads out of a folder, of which the real path is given."""
    return os.path.commonpath((os.path.realpath(path), top)) != top


def list_folder(top: Path, prefix: str = "", *, stay: bool = False) -> Listing:
    """List the files whose keys begin with `prefix`. Links are followed, to folders too.

    A prefix cannot lead out of the folder: of names such as ``..`` it has none.

    Parameters
    ----------
    top : Path
    prefix : str
    stay : bool
        Follow no link that leads out of the folder: it is unreadable.
    """
    found = Listing()
    inside = prefix.rpartition("/")[0]
    names = inside.split("/") if "/" in prefix else []
    if "\0" in prefix or not {"", ".", ".."}.isdisjoint(names):
        return found
    start = os.path.join(top, *names)  # noqa: PTH118
    if stay and leads_out(top, names):
        found.unreadable[f"{inside}/"] = LEADS_OUT
        return found
    if names and not os.path.isdir(start):  # noqa: PTH112
        return found
    bound = os.path.realpath(top) if stay else os.sep
    above: list[tuple[int, int]] = []
    for count in range(len(names)):
        above.append(_identity(os.path.join(top, *names[:count])))  # noqa: PTH118
        if above[-1] in above[:-1]:  # as in a list without a prefix, which ends there
            found.left_out.append(f"{'/'.join(names[:count])}/")
            return found
    waiting = [_Folder(start, f"{inside}/" if names else "", frozenset(above))]
    while waiting:
        waiting += _list(waiting.pop(), prefix, bound, found)
    found.keys.sort(key=os.fsencode)
    found.left_out.sort(key=os.fsencode)
    return found


def _list(folder: _Folder, prefix: str, bound: str, found: Listing) -> Iterator[_Folder]:
    """Sort what lies in one folder, and give the folders in it that lie within the bound."""
    try:
        me = _identity(folder.path)
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
        elif entry.is_symlink() and _is_outside(entry.path, bound):
            found.unreadable[key] = LEADS_OUT
        elif _is_folder(entry):
            yield _Folder(entry.path, f"{key}/", folder.above | {me})
        else:
            found.keys.append(key)


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)  # noqa: PTH116
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere: reading it says so
        return False
