"""What is left of a job, as tasks that are done apart from one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jitprep.backfill import listing, shards
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject
from jitprep.service.s3_names import S3Prefix

# So few that a progress bar moves, and so many that handing them out costs nothing.
_TOGETHER = 32


@dataclass(frozen=True, slots=True)
class Copies:
    """Some originals to be copied, each to an object of its own.

    Parameters
    ----------
    originals : tuple of ListedObject
    there : frozenset of str
        Those keys of them at which the target has something: what it is, its metadata tell.
    """

    originals: tuple[ListedObject, ...]
    there: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shard:
    """Some originals to be copied into one object.

    Parameters
    ----------
    name : str
        Its key, less the target's prefix.
    originals : tuple of ListedObject
        In the order in which their copies stand in it.
    there : bool
        Whether the target has something of this name.
    """

    name: str
    originals: tuple[ListedObject, ...]
    there: bool


BackfillTask = Copies | Shard


def plan_tasks(
    s3: Any, job: BackfillJob, asked: int | None = None, hidden: list[str] | None = None
) -> list[BackfillTask]:
    """List a job's originals, and what its target has, and return the tasks.

    Parameters
    ----------
    s3
        A client.
    job : BackfillJob
    asked : int, optional
        Into how many shards; see `shards.count`.
    hidden : list of str, optional
        Gets the keys that are left out because they are hidden; see `listing.originals`.

    Raises
    ------
    CannotBackfill
    """
    left_out: list[str] = [] if hidden is None else hidden
    originals = list(listing.originals(s3, job.source, left_out))
    if not originals:
        but = f", but {len(left_out)} that are hidden" if left_out else ""
        raise CannotBackfill(f"no object's key begins as {job.source} says{but}")
    if job.format == "objects":
        return list(_copies(s3, job, originals))
    skipped = len(job.target.prefix)
    there = {key[skipped:] for key in listing.stored_keys(s3, job.target)}
    number = shards.count(there, job, len(originals), asked)
    hands = shards.deal(originals, number, job.format)
    return [Shard(name, hand, name in there) for name, hand in hands.items()]


def _copies(s3: Any, job: BackfillJob, originals: Iterable[ListedObject]) -> Iterator[Copies]:
    prefix = job.target.prefix
    place = S3Prefix(job.target.bucket, prefix + job.source.prefix)
    there = {key[len(prefix) :] for key in listing.stored_keys(s3, place)}
    waiting = iter(originals)
    while some := tuple(islice(waiting, _TOGETHER)):
        yield Copies(some, frozenset(original.key for original in some) & there)
