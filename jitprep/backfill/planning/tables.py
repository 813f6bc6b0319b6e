"""Planning of tables: their row groups are the tasks, and their rows are the originals."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from jitprep.backfill import listing, shards
from jitprep.backfill.aws import THREADS
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject, ListingCounts
from jitprep.backfill.outcome import Failed
from jitprep.backfill.tables import open_original_table
from jitprep.backfill.tasks import BackfillTask, Copies, Shard, TableGroup
from jitprep.service.s3_names import S3Prefix
from jitprep.tables.table import Table
from preprocessing import PreprocessingError

_T = TypeVar("_T")
_SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class _Found:
    """A table, and what the target has of it.

    Parameters
    ----------
    listed : ListedObject
    table : Table, optional
        None where it cannot be opened, which the task for it reports.
    rows : bytes
        For ``objects``: a byte for each row, which is 1 where the target has an object of its key.
    shards : frozenset of str
        For shards: their names.
    """

    listed: ListedObject
    table: Table | None
    rows: bytes = b""
    shards: frozenset[str] = frozenset()


def plan_tables(s3: Any, job: BackfillJob, counts: ListingCounts) -> Iterator[BackfillTask]:
    """List the tables of a job, and yield a task per row group.

    Parameters
    ----------
    s3
        S3 client.
    job : BackfillJob
    counts : ListingCounts
        Its hidden objects are counted.

    Raises
    ------
    CannotBackfill
    """
    listed = (o for o in listing.originals(s3, job.source, counts) if o.key.endswith(_SUFFIX))
    table = None
    for table in _ahead(lambda one: _find(s3, job, one), listed):
        yield from _tasks(job, table)
    if table is None:
        raise CannotBackfill(f"there are no {_SUFFIX} tables at {job.source}")


def _ahead(do: Callable[[ListedObject], _T], listed: Iterable[ListedObject]) -> Iterator[_T]:
    """Call `do` in threads, for as many tables ahead as there are threads; yield results in order."""
    waiting: deque[Future[_T]] = deque()
    with ThreadPoolExecutor(THREADS) as threads:
        for one in listed:
            waiting.append(threads.submit(do, one))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _find(s3: Any, job: BackfillJob, listed: ListedObject) -> _Found:
    try:
        table = open_original_table(s3, job, listed)
    except (PreprocessingError, Failed):
        return _Found(listed, None)
    if job.format != "objects":
        return _Found(listed, table, shards=frozenset(_stored(s3, job, f"{_folder(listed)}/")))
    rows = bytearray(table.footer.rows)
    for number in _stored(s3, job, f"{listed.key}#"):
        if re.fullmatch(r"[0-9]{1,18}", number) and int(number) < len(rows):
            rows[int(number)] = 1
    return _Found(listed, table, rows=bytes(rows))


def _stored(s3: Any, job: BackfillJob, name: str) -> Iterator[str]:
    """List what follows a name in the target."""
    place = S3Prefix(job.target.bucket, job.target.prefix + name)
    return (
        key.removeprefix(place.prefix)
        for key in listing.stored_keys(s3, place, below_folders=False)
    )


def _tasks(job: BackfillJob, found: _Found) -> Iterator[BackfillTask]:
    listed, table = found.listed, found.table
    if table is None:
        yield Copies((listed,), frozenset(), TableGroup(listed, None))
        return
    groups = table.footer.groups
    if job.format != "objects":
        _require_same_groups(job, found, len(groups))
    etag = _etag(job, listed)
    first = 0
    for number, group in enumerate(groups):
        size, source = table.sample_bytes(number), TableGroup(listed, number)
        places = range(first, first + group.rows)
        first += group.rows
        if not places:
            continue
        rows = tuple(ListedObject(f"{listed.key}#{place}", etag, size) for place in places)
        if job.format == "objects":
            there = (row.key for place, row in zip(places, rows, strict=True) if found.rows[place])
            yield Copies(rows, frozenset(there), source)
        else:
            name = shards.name(number, len(groups), job.format)
            whole = posixpath.join(_folder(listed), name)
            yield Shard(whole, rows, name in found.shards, source)


def _etag(job: BackfillJob, table: ListedObject) -> str:
    """Return the ETag of the rows of a table: that of the table, with the column."""
    assert job.column is not None
    etag = table.etag.strip('"')
    return f'"{etag}#{quote(job.column)}"'


def _folder(table: ListedObject) -> str:
    """Return the folder of a table's shards: its key without the suffix."""
    return table.key.removesuffix(_SUFFIX)


def _require_same_groups(job: BackfillJob, found: _Found, groups: int) -> None:
    assert found.table is not None
    for number, group in enumerate(found.table.footer.groups):
        if group.rows > shards.MOST:
            raise CannotBackfill(
                f"row group {number} of {found.listed.key} has {group.rows} rows, and a shard at most "
                f"{shards.MOST}; use --format objects, or write the table with smaller row groups"
            )
    others = shards.set_sizes(found.shards, job.format) - {groups}
    if others:
        raise CannotBackfill(
            f"{job.target} has shards of {found.listed.key} when it had {max(others)} row groups, and "
            f"not {groups}; choose another target, or delete those shards"
        )
