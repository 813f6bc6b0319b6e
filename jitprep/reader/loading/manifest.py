"""Manifests: tables of keys, labels and other columns, as CSV or Parquet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

# Numbers as programs write them: 007 and 1_000 are names.
_WHOLE = re.compile(r"-?(0|[1-9]\d*)")
_DECIMAL = re.compile(rf"{_WHOLE.pattern}(\.\d+)?([eE][+-]?\d+)?")


def manifest_columns(path: str | PathLike[str]) -> dict[str, list[Any]]:
    """Read the columns of a manifest.

    Parameters
    ----------
    path : str or PathLike
        A local file. ``.parquet`` needs pyarrow; any other name is CSV in UTF-8, whose first row names
        the columns. A CSV column of numbers becomes numbers, except for that of the keys.

    Returns
    -------
    dict of str to list
        Among them ``key``.

    Raises
    ------
    ValueError
        If the file is damaged, the column ``key`` is missing, two columns have one name, or rows
        differ in length.
    OSError
    """
    file = Path(path)
    columns = _parquet(file) if file.suffix == ".parquet" else _csv(file)
    if "key" not in columns:
        raise ValueError(
            f"{file} has the columns {', '.join(columns) or '(none)'}; one must be named key, and "
            "the one of the labels label"
        )
    return columns


def _csv(file: Path) -> dict[str, list[Any]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            names, *rows = list(csv.reader(lines)) or [[]]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read as CSV in UTF-8: {error}") from None
    _require_distinct(file, names)
    for number, row in enumerate(rows, 2):
        if len(row) != len(names):
            raise ValueError(f"{file}, row {number}: {len(row)} values for {len(names)} columns")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return {name: texts if name == "key" else _numbers(texts) for name, texts in columns.items()}


def _numbers(texts: list[str]) -> list[Any]:
    if all(map(_WHOLE.fullmatch, texts)):
        return list(map(int, texts))
    return list(map(float, texts)) if all(map(_DECIMAL.fullmatch, texts)) else texts


def _parquet(file: Path) -> dict[str, list[Any]]:
    try:
        from pyarrow import parquet  # noqa: PLC0415  only for Parquet
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{file} needs {error.name}, which is not installed: pip install pyarrow, or give a CSV file"
        ) from None
    with file.open("rb") as stream, _damage_named(file):
        table = parquet.ParquetFile(stream).read()
    _require_distinct(file, table.column_names)
    with _damage_named(file):
        return {name: table.column(name).to_pylist() for name in table.column_names}


@contextmanager
def _damage_named(file: Path) -> Iterator[None]:
    """Raise ValueError for any of pyarrow's errors, and for values that Python cannot hold."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        raise ValueError(f"{file} cannot be read as Parquet: {error}") from error


def _require_distinct(file: Path, names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{file} has two columns named {twice}; rename one")
