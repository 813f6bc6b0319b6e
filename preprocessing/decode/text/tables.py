"""Tables of text with one document per row: JSON lines and CSV."""

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

# Most characters of a row. Parsed into Python objects it may take thirty times the memory.
LONGEST_ROW = 2**22
# Most rows. A short one takes about 96 bytes until it is written (measured), mostly not for its
# characters. The table itself takes a quarter of the memory.
MOST_ROWS = at_most(2**22, 128)
# Characters of a CSV that are parsed in one call.
_PIECE = 2**13
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_lines(texts: Array, field: str) -> Array:
    """Return the text in a field of each line's JSON object. Blank lines are skipped.

    Parameters
    ----------
    texts : ndarray
        One text, of shape (1,).
    field : str

    Returns
    -------
    ndarray
        Of shape (rows,), with strings as items.

    Raises
    ------
    CorruptSource
        If a line, which is named, is not a JSON object, or its field is not a text.
    LimitExceeded
        If a line is too long, or there are too many.
    """
    scan = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # typeshed's signature is wrong
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
            text = _text(
                line, number, field
            )  # parses it again, and names what is wrong, if anything
        found.append(text)
        _require_rows(found)
    return _array(found)


def _require_rows(found: list[str]) -> None:
    if len(found) > MOST_ROWS:
        raise LimitExceeded(
            f"the table has more than {MOST_ROWS} rows; split it into several objects"
        )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank, with its number. Only LF and CR LF end a line."""
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
        f"line {number}: the row has more than {LONGEST_ROW} characters; split the document, or close "
        "its quotes"
    )


def _text(line: str, number: int, field: str) -> str:
    try:
        row = json.loads(line)
    except RecursionError:
        raise CorruptSource(f"line {number}: the JSON is nested too deeply") from None
    except ValueError as error:  # JSONDecodeError, or ValueError for a number of 5,000 digits
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise CorruptSource(
            f"line {number}: not valid JSON: {reason}; each line must be one JSON object"
        ) from None
    if not isinstance(row, dict):
        raise CorruptSource(f"line {number}: expected a JSON object, got a {type(row).__name__}")
    if field not in row:
        raise CorruptSource(f"line {number}: the object has no field {show(field)}{_choice(row)}")
    text = row[field]
    if not isinstance(text, str):
        raise CorruptSource(
            f"line {number}: the field {show(field)} must be a string, got a {type(text).__name__}"
        )
    if not text.isascii() and "\\" in line and _SURROGATE.search(text):
        raise CorruptSource(
            f"line {number}: the field {show(field)} has half of a surrogate pair, which is not a "
            "character"
        )
    return text


def csv_column(texts: Array, column: str) -> Array:
    """Return each row's value in a column. The first row names the columns; blank lines are skipped.

    Parameters
    ----------
    texts : ndarray
        One text, of shape (1,).
    column : str

    Returns
    -------
    ndarray
        Of shape (rows,), with strings as items.

    Raises
    ------
    IncompatibleSource
        If the table does not have the column, or has it twice.
    CorruptSource
        If a row, whose first line is named, has more or fewer values than there are columns, or its
        quotes are not balanced.
    LimitExceeded
        If a row is too long, or there are too many.
    """
    # The library's limit applies to the whole process. It is only ever raised, so threads do not
    # conflict.
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
            break  # `_rows` reads it again, more slowly, and names what is wrong
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
                f"line {line}: the row has {len(row)} values for {len(names)} columns; quote values "
                "that contain commas, quotes or line ends"
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
    """Return the end of a row some way behind `start`: the end of a line, with all quotes closed."""
    end, quotes = start, 0
    while True:
        last = end
        end = text.find("\n", end + _PIECE) + 1 or len(text)
        quotes += text.count('"', last, end)
        if quotes % 2 == 0 or end == len(text) or end - start > LONGEST_ROW:
            return end


def _quickly(text: str) -> tuple[list[list[str]], int]:
    """Return the rows of a text and its number of lines, or no rows and 0 if anything is wrong."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        rows = list(filter(None, reader)) if len(text) <= LONGEST_ROW else []
    except csv.Error:
        return [], 0
    return rows, reader.line_num


def _rows(text: str, before: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with the number of its first line.

    Slower than `_quickly`, but its errors name the line. `before` is the number of lines before the
    text.
    """
    number = held = 0

    def lines() -> Iterator[str]:
        nonlocal held
        for line in StringIO(text, newline=""):
            held += len(line)
            if held > LONGEST_ROW:  # perhaps because a quote is never closed
                raise LimitExceeded(_too_long(before + number))
            yield line

    reader = csv.reader(lines(), strict=True)
    while True:
        checkpoint()
        number, held = reader.line_num + 1, 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise CorruptSource(f"line {before + number}: not valid CSV: {error}") from None
        if row is None:
            return
        if row:
            yield before + number, row


def _choice(names: Any) -> str:
    shown = ", ".join(show(name) for name in list(names)[:20])
    return f"; it has {shown}" if shown else "; it has none"


def _array(texts: list[str]) -> Array:
    result = np.empty(len(texts), object)
    result[:] = texts
    return result
