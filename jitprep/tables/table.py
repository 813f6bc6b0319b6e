"""`Table`: a Parquet table in any store, read by row groups and columns."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

from jitprep.tables.arrow import ArrowTable, SampleRows, as_python, empty_structures, only_column
from jitprep.tables.columns import class_names, leaves_of, sample_leaf
from jitprep.tables.footer import (
    MOST_FOOTER,
    TRAILER,
    ColumnChunk,
    Footer,
    footer_length,
    parse_footer,
)
from jitprep.tables.pages import page_totals
from preprocessing import EmptySource, LimitExceeded, Limits

# Returns the bytes of the file from a start to a stop.
FetchRange = Callable[[int, int], bytes]
# The first request for the end of a file: most footers are smaller.
_TAIL = 64 * 2**10
# Parts of a file that are so close are fetched as one.
_GAP = 64 * 2**10
# A row group may take a quarter of the memory, as it is stored and decoded together; a footer less.
_GROUP_SHARE, _FOOTER_SHARE = 4, 64


class Table:
    """A table whose footer was read.

    Parameters
    ----------
    fetch : callable
        Takes where a part of the file begins and ends, and returns its bytes.
    size : int
        Of the file.
    column : str
        Of the samples: binary values, or structures with a binary field ``bytes``.
    limits : Limits

    Raises
    ------
    PreprocessingError
        For a file that is not a table, that is damaged, encrypted or exceeds a limit, and for a column
        that is missing or not binary.
    ModuleNotFoundError
        Without pyarrow.
    What `fetch` raises.

    Attributes
    ----------
    identity : str
        In quotes, as an ETag: the MD5 of the footer.
    """

    def __init__(self, fetch: FetchRange, size: int, column: str, limits: Limits) -> None:
        self._memory, self._most = limits.memory, limits.memory // _GROUP_SHARE
        tail = fetch(max(size - _TAIL, 0), size)
        most = min(MOST_FOOTER, limits.memory // _FOOTER_SHARE)
        length = footer_length(tail[-TRAILER:], size, most)
        start = size - TRAILER - length
        if len(tail) < length + TRAILER:
            tail = fetch(start, size)
        footer = tail[-TRAILER - length : -TRAILER]
        self.footer: Footer = parse_footer(footer, start)
        self.identity = f'"{hashlib.md5(footer, usedforsecurity=False).hexdigest()}"'
        self._column = column
        self._leaf = sample_leaf(self.footer, column)
        self._ends = list(accumulate(group.rows for group in self.footer.groups))
        self._arrow = ArrowTable(tail, size)

    def __len__(self) -> int:
        return self.footer.rows

    @property
    def groups(self) -> list[int]:
        """Row groups that have rows."""
        return [number for number, group in enumerate(self.footer.groups) if group.rows]

    def group_of(self, row: int) -> tuple[int, int]:
        """Return the row group that a row is in, and its place there.

        Raises
        ------
        IndexError
        """
        if not 0 <= row < len(self):
            raise IndexError(f"the table has {len(self)} rows, and no row {row}; they count from 0")
        group = bisect_right(self._ends, row)
        return group, row - self._ends[group] + self.footer.groups[group].rows

    def samples(self, fetch: FetchRange, group: int) -> SampleRows:
        """Read the samples of a row group. Raises what opening the table raises."""
        return SampleRows(only_column(self._read(fetch, group, (self._leaf,), refers=True)))

    def sample(self, rows: SampleRows, place: int, number: int) -> bytes:
        """Return the bytes of a sample.

        Parameters
        ----------
        rows : SampleRows
            Its row group.
        place : int
            In the row group.
        number : int
            Of the row, for the message.

        Raises
        ------
        EmptySource
            For a null.
        """
        found = rows[place]
        if found is None:
            raise EmptySource(
                f"row {number} has no bytes in the column {self._column!r}: it is null, or it has only "
                "the path of a file"
            )
        return found

    def others(self, fetch: FetchRange, group: int) -> Any:
        """Read all columns of a row group but the samples' bytes.

        Returns
        -------
        pyarrow.StructArray
            One structure per row. Raises what opening the table raises.
        """
        leaves = [place for place in range(len(self.footer.leaves)) if place != self._leaf]
        if not leaves:
            return empty_structures(self.footer.groups[group].rows)
        return self._read(fetch, group, leaves).to_struct_array().combine_chunks()

    def sample_bytes(self, group: int) -> int:
        """Return the bytes of a sample of a row group, on average, as they are stored."""
        found = self.footer.groups[group]
        return found.chunks[self._leaf].stored // max(found.rows, 1)

    def values(self, fetch: FetchRange, name: str) -> list[Any]:
        """Return the values of another column, one per row.

        Raises
        ------
        IncompatibleSource
            Also where the table has no such column.
        """
        leaves = [leaf for leaf in leaves_of(self.footer, name) if leaf != self._leaf]
        found: list[Any] = []
        nbytes = 0
        for group in self.groups if leaves else ():
            column = self._read(fetch, group, leaves).column(0)
            nbytes += column.nbytes
            if nbytes > self._memory:
                raise LimitExceeded(
                    f"the column {name!r} takes more than {self._memory} bytes; raise JITPREP_MEMORY"
                )
            found += as_python(column)
        return found

    def class_names(self, name: str) -> tuple[str, ...] | None:
        """Return the names of a column's classes, where Hugging Face's metadata have them."""
        return class_names(self.footer, name)

    def _read(
        self, fetch: FetchRange, group: int, leaves: Sequence[int], *, refers: bool = False
    ) -> Any:
        """Read stored columns of a row group.

        With `refers`, a column whose values are references to a dictionary stays so, if it would exceed
        the memory where each of them were the largest.
        """
        chunks = [self.footer.groups[group].chunks[leaf] for leaf in leaves]
        self._require(sum(chunk.stored + chunk.unpacked for chunk in chunks), group)
        places = {start: fetch(start, stop) for start, stop in _spans(chunks)}
        expanded, referred = 0, []
        for chunk, leaf in zip(chunks, leaves, strict=True):
            name = ".".join(self.footer.leaves[leaf].path)
            totals = page_totals(_part(places, chunk), chunk, name)
            expanded += totals.plain
            if refers and totals.plain + totals.referred > self._most:
                referred.append(name)
            else:
                expanded += totals.referred
        self._require(expanded, group)
        return self._arrow.read(group, leaves, places, referred)

    def _require(self, nbytes: int, group: int) -> None:
        if nbytes > self._most:
            raise LimitExceeded(
                f"row group {group} takes {nbytes} bytes, and the limit is {self._most}; write the "
                "table with smaller row groups, or raise JITPREP_MEMORY"
            )


def _spans(chunks: Iterable[ColumnChunk]) -> list[tuple[int, int]]:
    """Return what to fetch, from where to where: chunks that are close to each other are one part."""
    spans: list[tuple[int, int]] = []
    for chunk in sorted(chunks):
        start, stop = chunk.start, chunk.start + chunk.stored
        if spans and start - spans[-1][1] <= _GAP:
            start, last = spans.pop()
            stop = max(stop, last)
        spans.append((start, stop))
    return spans


def _part(places: dict[int, bytes], chunk: ColumnChunk) -> bytes:
    for start, data in places.items():
        if start <= chunk.start and chunk.start + chunk.stored <= start + len(data):
            return data[chunk.start - start :][: chunk.stored]
    raise AssertionError(chunk)
