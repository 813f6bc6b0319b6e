"""Tables of text, one document a row: JSON lines, and CSV."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from json.scanner import make_scanner
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource, IncompatibleSource, LimitExceeded
from preprocessing.limits import at_most
from preprocessing.spec.coerce import show

if TYPE_CHECKING:
    from preprocessing.media import Array

# Most characters of a row. As Python's values it may be thirty times as large.
LONGEST_ROW = 2**22
# Most rows. A short one takes some 96 bytes until it is written (measured), of which its characters are
# the least part; and the table is there, which takes a quarter of the memory.
MOST_ROWS = at_most(2**22, 128)
# How much is read in one call.
_PIECE = 2**13
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_lines(texts: Array, field: str) -> Array:
    """Return what each line's object has in a field; blank lines are no rows.

    Raises
    ------
    CorruptSource
        Naming the line: one that is no JSON object, or has no text there.
    LimitExceeded
        For a line that is too long, or too many of them.
    """
    scan = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # typeshed has its own
    found: list[str] = []
    for number, line in _lines(texts[0]):
        checkpoint()
        try:
            row, end = scan(line, 0)
            text = row[field]
        except (ValueError, TypeError, LookupError, StopIteration, RecursionError):
            text = end = None
        is_plain = end == len(line) and type(row) is dict and type(text) is str
        if not is_plain or ("\\" in line and not text.isascii()):
            text = _text(line, number, field)  # and what is wrong with it, if anything
        found.append(text)
        _require_rows(found)
    return _array(found)


def _require_rows(found: list[str]) -> None:
    if len(found) > MOST_ROWS:
        raise LimitExceeded(f"the table has more than {MOST_ROWS} rows; split it")


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
    text: str = texts[0]
    names: list[str] = []
    found: list[str] = []
    start = number = index = 0
    while start < len(text):
        checkpoint()
        end = _whole_rows(text, start)
        rows, lines = _quickly(text[start:end])
        header = names or next(iter(rows), names)
        rows = rows if names else rows[1:]
        if lines == 0 or {*map(len, rows)} - {len(header)}:
            break  # to be read slowly, which names what is wrong with it
        if header and not names:
            names, index = header, _index(header, column)
        found += map(itemgetter(index), rows)
        _require_rows(found)
        start, number = end, number + lines
    for line, row in _rows(text[start:], number):
        if not names:
            names, index = row, _index(row, column)
        elif len(row) == len(names):
            found.append(row[index])
        else:
            raise CorruptSource(
                f"line {line}: has {len(row)} values for {len(names)} columns; values with commas, "
                "quotes or line ends are quoted"
            )
        _require_rows(found)
    _index(names, column)
    return _array(found)


def _index(names: list[str], column: str) -> int:
    if names.count(column) != 1:
        many = "more than one column" if column in names else "no column"
        raise IncompatibleSource(f"the table has {many} named {show(column)}{_choice(names)}")
    return names.index(column)


def _whole_rows(text: str, start: int) -> int:
    """Return where a row ends, some way behind `start`: at a line's end, all quotes closed."""
    end, quotes = start, 0
    while True:
        last = end
        end = text.find("\n", end + _PIECE) + 1 or len(text)
        quotes += text.count('"', last, end)
        if quotes % 2 == 0 or end == len(text) or end - start > LONGEST_ROW:
            return end


def _quickly(text: str) -> tuple[list[list[str]], int]:
    """Return the rows of a text and how many lines it has; no lines where anything is wrong with it."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        rows = list(filter(None, reader)) if len(text) <= LONGEST_ROW else []
    except csv.Error:
        return [], 0
    return rows, reader.line_num


def _rows(text: str, before: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of the line where it begins.

    Slowly: it names what is wrong, and where. So many lines are before.
    """
    number = held = 0

    def lines() -> Iterator[str]:
        nonlocal held
        for line in StringIO(text, newline=""):
            held += len(line)
            if held > LONGEST_ROW:  # all of it behind a quote that is never closed, perhaps
                raise LimitExceeded(_too_long(before + number))
            yield line

    reader = csv.reader(lines(), strict=True)
    while True:
        checkpoint()
        number, held = reader.line_num + 1, 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise CorruptSource(f"line {before + number}: is not CSV: {error}") from None
        if row is None:
            return
        if row:
            yield before + number, row


def _choice(names: Any) -> str:
    shown = ", ".join(show(name) for name in list(names)[:20])
    return f"; there are {shown}" if shown else "; there are none"


def _array(texts: list[str]) -> Array:
    result = np.empty(len(texts), object)
    result[:] = texts
    return result
