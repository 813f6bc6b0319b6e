"""JsonLines and Csv: tables with one document per row."""

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
    """Base of transforms that split one text into documents."""

    input_kinds = ("text",)

    def infer(self, spec: TextSpec) -> TextSpec:
        if spec.documents != 1:
            raise IncompatibleSource(
                "reads one text, but is given documents; make it the first step"
            )
        return _ROWS


@frozen
class JsonLines(TableTransform):
    """Read JSON lines, and take a document from each object.

    Parameters
    ----------
    field : str
        Field of the object that holds the document, a string.

    Notes
    -----
    Blank lines are skipped. A table may have up to 4,194,304 rows, and a row as many characters; both
    are fewer if the process has less than 512 MiB.

    Raises
    ------
    IncompatibleSource
        If an earlier step has already split the text into documents.
    CorruptSource
        At run time, if a line is not an object or its field not a string; the message names the line.
    LimitExceeded
        At run time, if there are more rows, or a row is longer.
    """

    name: ClassVar[str] = "json_lines"
    field: str

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return (Compute(json_lines, (self.field,), _ROWS),)


@frozen
class Csv(TableTransform):
    """Read comma-separated values (RFC 4180), and take a document from each row.

    Parameters
    ----------
    column : str
        Column that holds the document, by its name in the first row.

    Notes
    -----
    Quoted values may contain commas, line ends and doubled quotes. Blank lines are skipped. A table may
    have up to 4,194,304 rows, and a row as many characters; both are fewer if the process has less than
    512 MiB.

    Raises
    ------
    IncompatibleSource
        If an earlier step has already split the text into documents; at run time, if the column is
        missing.
    CorruptSource
        At run time, if a row has more or fewer values than columns, or mismatched quotes; the message
        names the line.
    LimitExceeded
        At run time, if there are more rows, or a row is longer.
    """

    name: ClassVar[str] = "csv"
    column: str

    def lower(self, spec: TextSpec) -> tuple[Stage, ...]:
        return (Compute(csv_column, (self.column,), _ROWS),)
