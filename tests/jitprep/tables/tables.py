"""Tables in memory: written by pyarrow, and read by us."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from jitprep.tables.table import Table
from preprocessing import Limits
from preprocessing.limits import DEFAULT_LIMITS

Fetch = Callable[[int, int], bytes]


def written(*columns: Mapping[str, Any], **options: Any) -> bytes:
    """Return a table of these columns, whose names may be the same."""
    named = [(name, pa.array(values)) for some in columns for name, values in some.items()]
    names, arrays = [name for name, _ in named], [array for _, array in named]
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(arrays, names), stream, **options)
    return stream.getvalue()


def opened(data: bytes, column: str, limits: Limits = DEFAULT_LIMITS) -> tuple[Table, Fetch]:
    """Return a table, and what fetches its parts."""

    def fetch(start: int, stop: int) -> bytes:
        assert 0 <= start <= stop <= len(data)
        return data[start:stop]

    return Table(fetch, len(data), column, limits), fetch


def read(data: bytes, column: str, limits: Limits = DEFAULT_LIMITS) -> list[bytes | None]:
    """Return all samples of a table."""
    table, fetch = opened(data, column, limits)
    groups = [table.samples(fetch, group) for group in table.groups]
    return [rows[place] for rows in groups for place in range(len(rows))]
