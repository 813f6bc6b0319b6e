"""Tables of a process: their footers, and the row groups that were read last."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from jitprep.reader.doors.byte_cache import ByteCache
from jitprep.reader.errors import BadObject, Refused
from jitprep.reader.originals import object_errors
from jitprep.reader.transport.stores import TIMEOUT_S, as_reader_error, shared_store
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.source.opening import read_part
from jitprep.service.source.ranged_source import FIRST_BYTES, AnsweredWhole
from jitprep.service.source.source_errors import replaced
from jitprep.service.source.stores import SourceUrl

if TYPE_CHECKING:
    from jitprep.service.source.response_heads import ObjectHead
    from jitprep.tables.arrow import SampleRows
    from jitprep.tables.table import Table

# Shares of a process's memory: what is kept of row groups, and of footers.
_GROUPS_SHARE, _FOOTERS_SHARE = 4, 16
_WITHOUT_RANGES = (
    "the table cannot be read by ranges: it has a Content-Encoding, or its server ignores ranges"
)


class TableName(NamedTuple):
    """A table in a store, and which column has its samples.

    Parameters
    ----------
    url : SourceUrl
        Of the folder that the name is relative to.
    endpoint_url : str, optional
    name : str
    column : str
    """

    url: SourceUrl
    endpoint_url: str | None
    name: str
    column: str


class OpenTable:
    """One version of a table.

    Parameters
    ----------
    name : TableName

    Raises
    ------
    ReadError

    Attributes
    ----------
    table : Table
    nbytes : int
        That its footer takes in memory, roughly.
    """

    def __init__(self, name: TableName) -> None:
        from jitprep.tables.table import Table  # noqa: PLC0415  pyarrow is an extra

        self._name = name
        self._head: ObjectHead | None = None
        self._first = self._fetch(0, FIRST_BYTES)
        head = self._head
        if head is None or head.length is None or head.coded:
            raise Refused(_WITHOUT_RANGES, key=name.name)
        try:
            with object_errors(name.name):
                self.table: Table = Table(
                    self.fetch, head.length, name.column, config().policy.limits
                )
        except BadObject as error:
            if error.code == "IncompatibleObject":  # the caller named a column that is not there
                raise Refused(error.args[0]) from None
            raise
        self.nbytes = 2**14 + 256 * sum(map(len, (g.chunks for g in self.table.footer.groups)))
        self._first = b""

    def fetch(self, start: int, stop: int) -> bytes:
        """Return bytes of this version. Raises ReadError."""
        if stop <= len(self._first):
            return self._first[start:stop]
        found = self._fetch(start, stop)
        if len(found) != stop - start:
            raise as_reader_error(replaced(), self._name.name)
        return found

    def rows(self, group: int) -> SampleRows:
        """Return the samples of a row group, which are kept for a while. Raises ReadError."""
        return _groups().get((self, group), lambda: self._read(group))

    def others(self, group: int) -> _Others:
        """Return the other columns of a row group, likewise."""
        from jitprep.tables.arrow import as_python  # noqa: PLC0415  pyarrow is an extra

        def read() -> _Others:
            with object_errors(self._name.name):
                return _Others(as_python(self.table.others(self.fetch, group)))

        return _others().get((self, group), read)

    def values(self, name: str) -> list[Any]:
        """Return the values of another column. Raises ReadError."""
        with object_errors(self._name.name):
            return self.table.values(self.fetch, name)

    def _read(self, group: int) -> SampleRows:
        with object_errors(self._name.name):
            return self.table.samples(self.fetch, group)

    def _fetch(self, start: int, stop: int) -> bytes:
        name = self._name
        try:
            source = shared_store(name.url, name.endpoint_url).resolve(name.name)
            deadline = Deadline(time.monotonic() + TIMEOUT_S)
            self._head, found = read_part(source, start, stop, deadline, self._head)
        except AnsweredWhole:
            raise Refused(_WITHOUT_RANGES, key=name.name) from None
        except Exception as error:
            if getattr(error, "status", None) == 416 and self._head is None:
                why = "the table has no bytes"
                raise BadObject(why, key=name.name, code="EmptyObject") from None
            raise as_reader_error(error, name.name) from None
        return found


class _Others:
    """SampleRows as dicts."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.nbytes = 2**10 * len(rows)


def open_table(name: TableName) -> OpenTable:
    """Return a table, whose footer is read once per process.

    Raises
    ------
    ReadError
    """
    return _tables().get(name, lambda: OpenTable(name))


def forget_table(name: TableName) -> None:
    """Let a table be opened anew, because it may have been replaced."""
    _tables().drop(name)


@cache
def _tables() -> ByteCache[OpenTable]:
    return ByteCache(config().policy.limits.memory // _FOOTERS_SHARE)


@cache
def _groups() -> ByteCache[SampleRows]:
    return ByteCache(config().policy.limits.memory // _GROUPS_SHARE)


@cache
def _others() -> ByteCache[_Others]:
    return ByteCache(config().policy.limits.memory // _FOOTERS_SHARE)


def forget_all() -> None:
    """Forget all tables, and what is kept of them."""
    for kept in (_tables, _groups, _others):
        kept.cache_clear()


# A thread that was making a value was not forked.
os.register_at_fork(after_in_child=forget_all)
