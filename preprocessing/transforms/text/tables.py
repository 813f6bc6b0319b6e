"""JsonLines and Csv: tables, of which each row has a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.decode.text.tables import csv_column, json_lines
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.media import TextSpec
from preprocessing.planner.stages import Compute
from preprocessing.transforms._base import FixedTransform

if TYPE_CHECKING:
    from preprocessing.planner.stages import Stage

_ROWS = TextSpec(None)


class TableTransform(FixedTransform):
    """Base of those that make many documents of one text."""

    input_kinds = ("text",)

    def infer(self, spec: TextSpec) -> TextSpec:
        if spec.documents != 1:
            raise IncompatibleSource(
                "reads one text, a table, and is given the documents of one; make it the first step"
            )
        return _ROWS


@frozen
class JsonLines(TableTransform):
    """Read a table of one JSON object a line, and take a document from each.

    Parameters
    ----------
    field : str
        Of the object; it holds a text.

    Notes
    -----
    Blank lines are not rows. A table has at most 4,194,304 rows, fewer where the process has less than
    512 MiB, and a row as many characters.

    Raises
    ------
    IncompatibleSource
        After a step that has made many documents already.
    CorruptSource
        As it runs, naming the first line that is no object, or has no text in the field.
    LimitExceeded
        As it runs, for a longer row, or more rows.
    """

    name: ClassVar[str] = "json_lines"
    field: str

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return (Compute(json_lines, (self.field,), _ROWS),)


@frozen
class Csv(TableTransform):
    """Read a table of comma-separated values (RFC 4180), and take a document from each row.

    Parameters
    ----------
    column : str
        As the table's first row names it.

    Notes
    -----
    Values in quotes may hold commas, line ends, and quotes written twice. Blank lines are not rows. A
    table has at most 4,194,304 rows, fewer where the process has less than 512 MiB, and a row as many
    characters.

    Raises
    ------
    IncompatibleSource
        After a step that has made many documents already; as it runs, for a table without this column.
    CorruptSource
        As it runs, naming the line of the first row with more or fewer values than columns, or with
        quotes that do not fit.
    LimitExceeded
        As it runs, for a longer row, or more rows.
    """

    name: ClassVar[str] = "csv"
    column: str

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return (Compute(csv_column, (self.column,), _ROWS),)
