"""Reader of tables: rows of Parquet files in any store, transformed in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from jitprep.reader.address import TABLE_SUFFIX
from jitprep.reader.base import Reader, RowLayout
from jitprep.reader.doors.open_tables import OpenTable, TableName, forget_table, open_table
from jitprep.reader.doors.row_keys import ROW_MARK, RowPlace, row_place, split_key
from jitprep.reader.errors import CannotOpen, ReadError, Refused, Unavailable
from jitprep.reader.originals import computing_turn, layout_of, object_errors, transform
from jitprep.reader.rows import fill_rows
from jitprep.reader.threads import in_threads
from jitprep.reader.transport import listing
from jitprep.reader.transport.arrivals import as_arrived
from jitprep.reader.transport.retry import with_retries
from jitprep.reader.transport.stores import listing_page
from jitprep.service.config import config
from jitprep.service.source.stores import SourceUrl
from preprocessing import Pipeline, Seed
from preprocessing.media import Array

if TYPE_CHECKING:
    from jitprep.tables.arrow import SampleRows


# Tables that are opened at once for a listing.
_OPENED = 16
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class TableReader(Reader):
    """Reader of the rows of Parquet tables, whose keys are ``TABLE.parquet#ROW``, from 0.

    Random transforms draw from the whole key and from the MD5 of the table's footer.

    Parameters
    ----------
    url : SourceUrl
        Keys are relative to its prefix.
    table : str, optional
        Name of the only table; None for all below the prefix.
    column : str
        Of the samples: binary values, or Hugging Face's images or sounds.
    endpoint_url : str, optional
        Of S3; None for AWS's configuration.
    pipeline : Pipeline
    threads : int
        Row groups that are fetched at once.

    Raises
    ------
    CannotOpen
        Without pyarrow, or for an endpoint of another store than S3.
    """

    url: SourceUrl
    table: str | None
    column: str
    endpoint_url: str | None
    pipeline: Pipeline
    threads: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if find_spec("pyarrow") is None:
            raise CannotOpen(
                "tables need pyarrow, which is not installed: pip install 'jitprep[parquet]'"
            )
        if self.endpoint_url is not None and self.url.scheme != "s3":
            raise CannotOpen("endpoint_url is for s3:// addresses")

    @property
    def draws(self) -> bool:
        """Whether a seed may change results."""
        return self.pipeline.random

    @property
    def row_layout(self) -> RowLayout | None:
        """The pipeline's output; None if its size depends on the sample."""
        return layout_of(self.pipeline)

    def whole_key(self, key: str) -> str:
        """Return the key below the prefix."""
        return self.url.path_of(key)

    def _get_array(self, key: str) -> Array:
        """Read one row."""
        return self._steadily(key, lambda at: self._made(key, at, at.table.rows(at.group), None))

    def original(self, key: str) -> bytes:
        """Return the bytes of a row's sample. Raises as `get` does."""

        def read(at: RowPlace) -> bytes:
            with object_errors(key):
                return at.table.table.sample(at.table.rows(at.group), at.place, at.number)

        return self._steadily(key, read)

    def row(self, key: str) -> dict[str, Any]:
        """Return the other columns of a row: all but the bytes of its sample.

        Returns
        -------
        dict
            By name, as pyarrow returns them as Python's types.

        Raises
        ------
        ReadError
        """
        return dict(self._steadily(key, lambda at: at.table.others(at.group).rows[at.place]))

    def column_values(self, name: str, keys: Iterable[str] | None = None) -> list[Any]:
        """Return the values of another column.

        Parameters
        ----------
        name : str
        keys : iterable of str, optional
            Default: all, in the order of `keys`.

        Raises
        ------
        ReadError
            Also where a table has no such column.
        """
        if keys is None:
            return [value for table in self._names("") for value in self._values(table, name)]
        wanted = list(keys)
        tables = {self._split(key)[0] for key in wanted}
        found = {table: self._values(table, name) for table in sorted(tables)}
        places = (self._place(key, self._opened_surely) for key in wanted)
        return [
            found[self._split(key)[0]][at.number] for key, at in zip(wanted, places, strict=True)
        ]

    def class_names(self, name: str) -> tuple[str, ...] | None:
        """Return the names of a column's classes, where Hugging Face's metadata have them.

        Raises
        ------
        ReadError
            Also where tables have other names.
        """
        named = {self._opened_surely(table).table.class_names(name) for table in self._names("")}
        if len(named) > 1:
            raise Refused(
                f"the tables have different names of the classes of {name!r}; write them with equal ones"
            )
        return next(iter(named), None)

    def group_sizes(self, keys: Iterable[str]) -> tuple[int, ...]:
        """Return how many consecutive keys are in one row group each.

        Raises
        ------
        ReadError
        """
        tables: dict[str, OpenTable | ReadError] = {}
        opened = partial(self._opened_once, tables)
        places = (self._place(key, opened) for key in keys)
        runs = groupby(places, key=lambda at: (id(at.table), at.group))
        return tuple(sum(1 for _ in run) for _, run in runs)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """List rows: tables in S3's order, and the rows of each in theirs."""
        end = prefix.find(TABLE_SUFFIX + ROW_MARK)
        tables = prefix if end < 0 else prefix[: end + len(TABLE_SUFFIX)]
        for name in self._names(tables):
            start = f"{name}{ROW_MARK}"
            for number in range(len(self._opened_surely(name).table)):
                if f"{start}{number}".startswith(prefix):
                    yield f"{start}{number}"

    def get_each(self, keys: Iterable[str]) -> dict[str, Array | ReadError]:
        """Read many rows: each row group once."""
        wanted = list(dict.fromkeys(keys))
        read = dict(self._each(wanted, {}))
        return {key: read[key] for key in wanted}

    def read_into(self, keys: Sequence[str], out: Array | None) -> dict[int, Array | ReadError]:
        """Read many rows into the rows of an array, without a copy."""
        return fill_rows(self._each, keys, out, self.row_layout)

    def _each(
        self, keys: Sequence[str], rows: Mapping[str, Array]
    ) -> Iterator[tuple[str, Array | ReadError]]:
        """Yield the result or the error of each key: row groups as they arrive, others meanwhile."""
        groups: dict[str, list[tuple[str, RowPlace]]] = {}
        tables: dict[str, OpenTable | ReadError] = {}
        for key in keys:
            try:
                at = self._place(key, partial(self._opened_once, tables))
            except ReadError as error:
                yield key, error
                continue
            groups.setdefault(f"{id(at.table)} {at.group}", []).append((key, at))

        def fetch(group: str) -> SampleRows:
            at = groups[group][0][1]
            return at.table.rows(at.group)

        with closing(as_arrived(fetch, groups, self.threads, lambda _: None)) as arriving:
            for group, got in arriving:
                failed: ReadError | None = None  # after all tries, for all rows of the group
                for key, at in groups[group]:
                    made = failed or self._finished(key, at, got, rows.get(key))
                    failed = made if isinstance(made, Unavailable) else None
                    yield key, made

    def _finished(
        self, key: str, at: RowPlace, got: SampleRows | Exception, out: Array | None
    ) -> Array | ReadError:
        if isinstance(got, Unavailable):  # perhaps the table was replaced
            return self._tried(key)
        if isinstance(got, ReadError):
            return got
        if isinstance(got, Exception):
            raise got
        try:
            return self._made(key, at, got, out)
        except ReadError as error:
            return error

    def _made(self, key: str, at: RowPlace, rows: SampleRows, out: Array | None) -> Array:
        table, limits = at.table.table, config().policy.limits
        drawn = key if self.url.scheme == "file" else self.url.path_of(key)
        with object_errors(key):
            source = table.sample(rows, at.place, at.number)
        with computing_turn():
            seed = Seed(self.seed, drawn, table.identity)
            return transform(self.pipeline, source, seed, key, limits, out)

    def _steadily(self, key: str, read: Callable[[RowPlace], _T]) -> _T:
        """Read a row, and open its table anew where it may have been replaced meanwhile."""

        def once() -> _T:
            try:
                return read(self._place(key, self._opened))
            except Unavailable:
                forget_table(self._name(self._split(key)[0]))
                raise

        return with_retries(once)

    def _place(self, key: str, opened: Callable[[str], OpenTable]) -> RowPlace:
        name, number = self._split(key)
        return row_place(opened(name), number, key)

    def _split(self, key: str) -> tuple[str, int]:
        return split_key(key, self.table)

    def _names(self, prefix: str) -> Iterator[str]:
        """List the tables, and open some of them at once."""
        if self.table is not None:
            if self.table.startswith(prefix):
                yield self.table
            return
        ask = partial(listing_page, self.url, self.endpoint_url)
        found = listing.list_keys(lambda query: with_retries(partial(ask, query)), prefix)
        names = [name for name in found if name.endswith(TABLE_SUFFIX)]
        for start in range(0, len(names), _OPENED):
            some = names[start : start + _OPENED]
            in_threads(self._opened_surely, some, _OPENED)
            yield from some

    def _opened(self, name: str) -> OpenTable:
        return open_table(self._name(name))

    def _opened_surely(self, name: str) -> OpenTable:
        return with_retries(lambda: self._opened(name))

    def _opened_once(self, tables: dict[str, OpenTable | ReadError], name: str) -> OpenTable:
        """Return a table; of one that cannot be opened, raise the error for each of its rows."""
        if name not in tables:
            try:
                tables[name] = self._opened_surely(name)
            except ReadError as error:
                tables[name] = error
        found = tables[name]
        if isinstance(found, ReadError):
            raise found
        return found

    def _values(self, table: str, name: str) -> list[Any]:
        return with_retries(lambda: self._opened(table).values(name))

    def _name(self, name: str) -> TableName:
        return TableName(self.url, self.endpoint_url, name, self.column)
