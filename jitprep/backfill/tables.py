"""Tables as sources: the rows of a row group, which are the originals of a task."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from threading import Lock
from typing import Any

from jitprep.backfill import reading
from jitprep.backfill.job import BackfillJob
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.outcome import Failed
from jitprep.backfill.reading import Copy
from jitprep.backfill.tasks import TableGroup
from jitprep.tables.arrow import as_python
from jitprep.tables.table import Table
from preprocessing import PreprocessingError, Seed


def open_original_table(s3: Any, job: BackfillJob, listed: ListedObject) -> Table:
    """Open a table of a job.

    Raises
    ------
    Failed, PreprocessingError
        Where it cannot be read.
    """
    assert job.column is not None
    return Table(partial(reading.read_range, s3, job, listed), listed.size, job.column, job.limits)


class RowSource:
    """The rows of a row group, which is read when the first of them is wanted. Thread-safe.

    Parameters
    ----------
    s3
        S3 client.
    job : BackfillJob
    group : TableGroup
    """

    def __init__(self, s3: Any, job: BackfillJob, group: TableGroup) -> None:
        self._s3, self._job, self._group = s3, job, group
        self._lock = Lock()

    def make(self, original: ListedObject) -> Copy:
        """Return the copy of a row.

        Raises
        ------
        Failed
        """
        with self._lock:
            table, rows, others, _ = self._read
        number = int(original.key.rpartition("#")[2])
        _, place = table.group_of(number)
        try:
            body = table.sample(rows, place, number)
        except PreprocessingError as error:
            raise Failed(str(error), lasting=True) from None
        seed = Seed(self._job.seed, original.key, table.identity)
        copy = reading.transformed(self._job, original, body, seed)
        return copy if others is None else replace(copy, columns=others[place])

    @property
    def columns(self) -> Any:
        """Arrow's type of the other columns of a row. Raises Failed where they cannot be read."""
        with self._lock:
            return self._read[3]

    @cached_property
    def _content(self) -> Any:
        listed, number = self._group.table, self._group.number
        fetch = partial(reading.read_range, self._s3, self._job, listed)
        try:
            table = open_original_table(self._s3, self._job, listed)
            if number is None:
                return Failed("the table could not be read at first; run the command again")
            samples = table.samples(fetch, number)
            if self._job.format == "objects":
                return table, samples, None, None
            others = table.others(fetch, number)
            # Parquet takes Arrow's values, which may have no equal of Python's.
            values = as_python(others) if self._job.format == "tar" else list(others)
            return table, samples, values, others.type
        except PreprocessingError as error:
            return Failed(str(error), lasting=True)
        except Failed as error:
            return error

    @property
    def _read(self) -> Any:
        found = self._content
        if isinstance(found, Failed):
            raise Failed(found.reason, lasting=found.lasting)
        return found
