"""Keys of the rows of tables, ``TABLE.parquet#ROW`` from 0, and where the rows are."""

from __future__ import annotations

import re
from typing import NamedTuple

from jitprep.reader.address import TABLE_SUFFIX
from jitprep.reader.doors.open_tables import OpenTable
from jitprep.reader.errors import BadObject
from preprocessing.names import is_utf8

# Between the name of a table and the number of a row.
ROW_MARK = "#"
# One spelling per row, because random transforms draw by the key.
_NUMBER = re.compile("0|[1-9][0-9]{0,17}")


class RowPlace(NamedTuple):
    """Where a row is.

    Parameters
    ----------
    table : OpenTable
    group, place : int
        Its row group, and its place there.
    number : int
        In the table.
    """

    table: OpenTable
    group: int
    place: int
    number: int


def row_place(table: OpenTable, number: int, key: str) -> RowPlace:
    """Return where a row of a table is.

    Raises
    ------
    BadObject
        About `key`, where the table has no such row.
    """
    try:
        group, place = table.table.group_of(number)
    except IndexError as error:
        raise BadObject(str(error), key=key, code="NoSuchKey") from None
    return RowPlace(table, group, place, number)


def split_key(key: str, table: str | None) -> tuple[str, int]:
    """Return the name of the table and the number of the row that a key names.

    Parameters
    ----------
    key : str
    table : str, optional
        Name of the only table; None for any.

    Raises
    ------
    BadObject
    """
    name, _, digits = key.rpartition(ROW_MARK)
    written = _NUMBER.fullmatch(digits) and name.endswith(TABLE_SUFFIX) and is_utf8(name)
    if not written or table not in {None, name}:
        which = table or f"TABLE{TABLE_SUFFIX}"
        raise BadObject(
            f"there is no such row; keys have the form {which}{ROW_MARK}ROW, from 0",
            key=key,
            code="NoSuchKey",
        )
    return name, int(digits)
