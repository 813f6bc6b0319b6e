"""Planning of a job: what there is to do, as tasks, while the bucket is listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from jitprep.backfill import listing, shards
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject, ListingCounts
from jitprep.backfill.planning.merge_join import ascending, with_stored
from jitprep.backfill.planning.spool import OriginalsSpool
from jitprep.backfill.tasks import BackfillTask, Copies, Shard
from jitprep.service.s3_names import S3Prefix

# Originals per task: few enough for a progress bar to move, enough for the overhead not to matter.
_TOGETHER = 32


def plan_tasks(
    s3: Any, job: BackfillJob, asked: int | None = None, counts: ListingCounts | None = None
) -> Iterator[BackfillTask]:
    """List the originals and the target of a job, and yield its tasks as they are found.

    Tasks that copy objects are yielded while both places are listed. Those that write shards follow the
    whole listing, which is kept on the local disk. Memory does not grow with the number of originals.

    Parameters
    ----------
    s3
        S3 client.
    job : BackfillJob
    asked : int, optional
        Number of shards. Default: that of the target, or one per thousand originals.
    counts : ListingCounts, optional
        Receives what is listed.

    Raises
    ------
    CannotBackfill
    """
    counts = ListingCounts() if counts is None else counts
    if job.column is not None:
        from jitprep.backfill.planning.tables import plan_tables  # noqa: PLC0415  pyarrow is an extra

        planned: Iterator[BackfillTask] = plan_tables(s3, job, counts)
    elif job.format == "objects":
        planned = _copies(s3, job, counts)
    else:
        planned = _shards(s3, job, asked, counts)
    originals = 0
    for task in planned:
        originals += len(task.originals)
        yield task
    if job.column is None:
        _require_originals(originals, job, counts)
    counts.originals = originals


def _copies(s3: Any, job: BackfillJob, counts: ListingCounts) -> Iterator[Copies]:
    waiting = _with_stored(s3, job, listing.originals(s3, job.source, counts))
    while some := tuple(islice(waiting, _TOGETHER)):
        there = frozenset(original.key for original, stored in some if stored)
        yield Copies(tuple(original for original, _ in some), there)


def _with_stored(
    s3: Any, job: BackfillJob, originals: Iterable[ListedObject]
) -> Iterator[tuple[ListedObject, bool]]:
    """Yield each original, and whether the target may have an object of its key."""
    prefix = job.target.prefix
    place = S3Prefix(job.target.bucket, prefix + job.source.prefix)
    if not (listing.is_in_order(job.source) and listing.is_in_order(place)):
        return ((original, True) for original in originals)
    stored = ascending(listing.stored_keys(s3, place), place)
    return with_stored(
        ascending(originals, job.source, lambda original: original.key),
        (key.removeprefix(prefix) for key in stored),
    )


def _shards(s3: Any, job: BackfillJob, asked: int | None, counts: ListingCounts) -> Iterator[Shard]:
    there = shards.stored(s3, job)
    chosen = shards.chosen_number(there, job, asked)
    with closing(OriginalsSpool(listing.originals(s3, job.source, counts))) as spool:
        _require_originals(len(spool), job, counts)
        counts.originals = len(spool)
        number = chosen or shards.usual_number(len(spool))
        for position, hand in enumerate(spool.deal(number)):
            name = shards.name(position, number, job.format)
            yield Shard(name, hand, name in there)


def _require_originals(originals: int, job: BackfillJob, counts: ListingCounts) -> None:
    if not originals:
        but = f", only {counts.hidden} hidden ones" if counts.hidden else ""
        raise CannotBackfill(f"there are no objects at {job.source}{but}")
