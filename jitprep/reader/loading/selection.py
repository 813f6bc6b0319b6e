"""Keys and labels of a loader: paired by the caller, from folders, or from a manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from os import PathLike
from typing import Any, Literal

from jitprep.reader.base import Reader
from jitprep.reader.loading.manifest import manifest_columns
from jitprep.reader.samples import HasColumns, Targets, pair_targets

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SampleTable:
    """Samples: their keys, and what is known of each.

    Parameters
    ----------
    keys : list of str
    labels : sequence
        One per key.
    classes : tuple of str, optional
        Names of the classes, where labels are their indices.
    columns : mapping of str to list
        Other columns of a manifest, one value per key.
    """

    keys: list[str]
    labels: Sequence[Any]
    classes: tuple[str, ...] | None = None
    columns: Mapping[str, list[Any]] = field(default_factory=dict)


def select_samples(
    reader: Reader,
    keys: Iterable[str] | None,
    labels: Targets,
    manifest: str | PathLike[str] | None,
    include: str | Sequence[str],
    exclude: str | Sequence[str],
) -> SampleTable:
    """Return the samples that a loader's arguments describe.

    Raises
    ------
    ValueError
        For arguments that exclude each other, keys and labels that do not match, and a manifest
        without keys.
    ReadError
        Where the reader cannot list its keys.
    """
    columns: dict[str, list[Any]] = {}
    classes: tuple[str, ...] | None = None
    if manifest is not None:
        if keys is not None or labels is not None:
            raise ValueError(
                "a manifest has keys and labels; omit keys and labels, or the manifest"
            )
        columns = manifest_columns(manifest)
        keys, labels = columns.pop("key"), columns.pop("label", None)
    named = labels if isinstance(labels, str) else None
    if named not in {None, "folder"}:
        keys, labels, classes, named = *_column(reader, keys, str(named)), None
    paired, values = pair_targets(
        reader.keys() if keys is None else keys, None if named else labels
    )
    rows = _matching(paired, include, exclude)
    if len(rows) < len(paired):
        left_out = len(paired) - len(rows)
        _log.info("include and exclude leave out %d of %d keys", left_out, len(paired))
        paired = [paired[row] for row in rows]
        values = [values[row] for row in rows]
        columns = {name: [column[row] for row in rows] for name, column in columns.items()}
    if named:
        values, classes = folder_labels(paired)
        return SampleTable(paired, values, classes)
    return SampleTable(paired, values, classes, columns)


def near_groups(
    reader: Reader, keys: Sequence[str], shuffle: bool | Literal["groups"]
) -> tuple[int, ...]:
    """Return the sizes of the groups of keys that shuffling keeps near each other; none for most.

    Raises
    ------
    ValueError
        For groups of samples that have none, and for another word.
    """
    if isinstance(shuffle, bool):
        return ()
    if shuffle != "groups" or not isinstance(reader, HasColumns):
        raise ValueError(
            f'shuffle must be True, False or, for rows of tables, "groups", got {shuffle!r}'
        )
    return reader.group_sizes(keys)


def folder_labels(keys: Sequence[str]) -> tuple[list[int], tuple[str, ...]]:
    """Return the class of each key, and the names of the classes.

    A class is the first folder of a key, below the folders that all keys have in common. Indices are
    those of the sorted names.

    Raises
    ------
    ValueError
        Where a key has no such folder.
    """
    folders = [key.split("/")[:-1] for key in keys]
    depth = 0
    while (
        folders
        and all(len(names) > depth + 1 for names in folders)
        and len({names[depth] for names in folders}) == 1
    ):
        depth += 1
    for key, names in zip(keys, folders, strict=True):
        if len(names) <= depth:
            raise ValueError(
                f'labels="folder" needs the class as a folder of each key, as in cat/1.jpg; {key} has '
                "none. Exclude such keys, or give one label per key"
            )
    classes = sorted({names[depth] for names in folders})
    indices = {name: index for index, name in enumerate(classes)}
    return [indices[names[depth]] for names in folders], tuple(classes)


def _column(
    reader: Reader, keys: Iterable[str] | None, name: str
) -> tuple[list[str], list[Any], tuple[str, ...] | None]:
    """Return the keys of a table's rows, their labels in a column, and the names of the classes."""
    if not isinstance(reader, HasColumns):
        raise ValueError(  # noqa: TRY004  of a wrong argument, as others here
            f'labels must be "folder", one per key or a mapping, got {name!r}; only readers of '
            "tables have columns to name"
        )
    named = list(reader.keys() if keys is None else keys)
    return named, reader.column_values(name, named), reader.class_names(name)


def _matching(
    keys: Sequence[str], include: str | Sequence[str], exclude: str | Sequence[str]
) -> list[int]:
    """Return the positions of the keys that match."""
    wanted, unwanted = (
        [globs] if isinstance(globs, str) else globs for globs in (include, exclude)
    )
    rows = [
        row
        for row, key in enumerate(keys)
        if (not wanted or any(fnmatchcase(key, glob) for glob in wanted))
        and not any(fnmatchcase(key, glob) for glob in unwanted)
    ]
    if keys and not rows:
        raise ValueError(
            f"none of {len(keys)} keys, such as {keys[0]}, is left by include={include!r} and "
            f"exclude={exclude!r}; * matches slashes too"
        )
    return rows
