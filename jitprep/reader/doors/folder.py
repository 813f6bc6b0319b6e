"""Listing of a folder in the order of a bucket's, with what it leaves out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jitprep.service.source.stored.folder import folder_identity, is_outside, leads_out
from preprocessing.names import is_hidden

LEADS_OUT = (
    "the link points outside of the folder; open the folder that it points to by its own address, or "
    "remove the link"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """Files of a folder and its subfolders.

    Parameters
    ----------
    keys : list of str
        Paths of everything that is not a folder, in S3's order. Names that are not UTF-8 contain
        surrogates, as from `os.fsdecode`.
    left_out : list of str
        Hidden files and folders, and links to a folder above the link.
    unreadable : dict of str to str
        Folders that cannot be read and links that are not followed, with the reason; ``.`` is the
        folder itself.
    """

    keys: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to list: its path, its key with a slash, and the identities of the folders above it."""

    path: str
    key: str
    above: frozenset[tuple[int, int]]


def list_folder(top: Path, prefix: str = "", *, stay: bool = False) -> Listing:
    """List the files whose keys begin with `prefix`, and follow links to files and folders.

    A prefix that contains ``.`` or ``..`` matches nothing, so that it cannot leave the folder.

    Parameters
    ----------
    top : Path
    prefix : str
    stay : bool
        Report links that point outside of the folder as unreadable.
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
        above.append(folder_identity(os.path.join(top, *names[:count])))  # noqa: PTH118
        if above[-1] in above[:-1]:  # a listing without a prefix would stop there too
            found.left_out.append(f"{'/'.join(names[:count])}/")
            return found
    waiting = [_Folder(start, f"{inside}/" if names else "", frozenset(above))]
    while waiting:
        waiting += _list(waiting.pop(), prefix, bound, found)
    found.keys.sort(key=os.fsencode)
    found.left_out.sort(key=os.fsencode)
    return found


def _list(folder: _Folder, prefix: str, bound: str, found: Listing) -> Iterator[_Folder]:
    """Add the entries of one folder to `found`, and yield its subfolders within the bound."""
    try:
        me = folder_identity(folder.path)
        if me in folder.above:  # a link to a folder above it, which is listed already
            found.left_out.append(folder.key)
            return
        with os.scandir(folder.path) as entries:
            inside = list(entries)
    except OSError as error:
        found.unreadable[folder.key or "."] = error.strerror or type(error).__name__
        return
    for entry in inside:
        key = folder.key + entry.name
        # A prefix may end within a name. Other entries need not be readable.
        if not key.startswith(prefix):
            continue
        if is_hidden(key, prefix):
            found.left_out.append(key)
        elif entry.is_symlink() and is_outside(entry.path, bound):
            found.unreadable[key] = LEADS_OUT
        elif _is_folder(entry):
            yield _Folder(entry.path, f"{key}/", folder.above | {me})
        else:
            found.keys.append(key)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a dangling link: reading it reports that
        return False
