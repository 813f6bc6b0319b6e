"""Tables of text, one document a row: JSON lines, and CSV."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.errors import CorruptSource, IncompatibleSource, LimitExceeded
from preprocessing.grammar.coerce import show

if TYPE_CHECKING:
    from preprocessing.media import Array

# Most characters of a row. As Python's values it may be thirty times as large.
LONGEST_ROW = 2**22
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_lines(texts: Array, field: str) -> Array:
    """Return what each line's object has in a field; blank lines are no rows.

    Raises
    ------
    CorruptSource
        Naming the line: one that is no JSON object, or has no text there.
    LimitExceeded
        For a line that is too long.
    """
    return _array([_text(line, number, field) for number, line in _lines(texts[0])])


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank, with its number; lines end in LF or CR LF alone."""
    start = number = 0
    while start < len(text):
        number += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > LONGEST_ROW:
            raise LimitExceeded(_too_long(number))
        line = text[start:end].strip()
        if line:
            yield number, line
        start = end + 1


def _too_long(number: int) -> str:
    return (
        f"line {number}: has more than {LONGEST_ROW} characters; split the documents, or quote them "
        "right"
    )


def _text(line: str, number: int, field: str) -> str:
    try:
        row = json.loads(line)
    except RecursionError:
        raise CorruptSource(f"line {number}: is nested too deeply") from None
    except ValueError as error:  # of which JSON's own is one; the other is a number of 5,000 digits
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise CorruptSource(f"line {number}: is not JSON: {reason}; one object a line") from None
    if not isinstance(row, dict):
        raise CorruptSource(f"line {number}: holds a {type(row).__name__}, not an object")
    if field not in row:
        raise CorruptSource(f"line {number}: has no field {show(field)}{_choice(row)}")
    text = row[field]
    if not isinstance(text, str):
        raise CorruptSource(
            f"line {number}: the field {show(field)} holds a {type(text).__name__}, not a text"
        )
    if not text.isascii() and "\\" in line and _SURROGATE.search(text):
        raise CorruptSource(
            f"line {number}: the field {show(field)} holds half of a surrogate pair, which is no "
            "character"
        )
    return text


def csv_column(texts: Array, column: str) -> Array:
    """Return what each row has in a column that the first row names; blank lines are no rows.

    Raises
    ------
    IncompatibleSource
        Where there is no such column.
    CorruptSource
        Naming the line where the row begins: one of more or fewer values than there are columns, or with
        quotes that do not fit.
    LimitExceeded
        For a row that is too long.
    """
    # The library's own limit, of all the process: only ever raised, so that threads do not contend.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_ROW))
    rows = _rows(texts[0])
    _, names = next(rows, (0, list[str]()))
    if names.count(column) != 1:
        many = "more than one column" if column in names else "no column"
        raise IncompatibleSource(f"the table has {many} named {show(column)}{_choice(names)}")
    index = names.index(column)
    found = []
    for number, row in rows:
        if len(row) != len(names):
            raise CorruptSource(
                f"line {number}: has {len(row)} values for {len(names)} columns; values with commas, "
                "quotes or line ends are quoted"
            )
        found.append(row[index])
    return _array(found)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of the line where it begins."""
    number = held = 0

    def lines() -> Iterator[str]:
        nonlocal held
        for line in StringIO(text, newline=""):
            held += len(line)
            if held > LONGEST_ROW:  # all of it behind a quote that is never closed, perhaps
                raise LimitExceeded(_too_long(number))
            yield line

    reader = csv.reader(lines(), strict=True)
    while True:
        number, held = reader.line_num + 1, 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise CorruptSource(f"line {number}: is not CSV: {error}") from None
        if row is None:
            return
        if row:
            yield number, row


def _choice(names: Any) -> str:
    shown = ", ".join(show(name) for name in list(names)[:20])
    return f"; there are {shown}" if shown else "; there are none"


def _array(texts: list[str]) -> Array:
    result = np.empty(len(texts), object)
    result[:] = texts
    return result
