"""Tasks of a job, which are independent of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jitprep.backfill import listing, shards
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject
from jitprep.service.s3_names import S3Prefix

# Originals per task: few enough for a progress bar to move, enough for the overhead not to matter.
_TOGETHER = 32


@dataclass(frozen=True, slots=True)
class Copies:
    """Task that copies originals, each to its own object.

    Parameters
    ----------
    originals : tuple of ListedObject
    there : frozenset of str
        Their keys at which the target has an object, whose metadata say whether it is current.
    """

    originals: tuple[ListedObject, ...]
    there: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shard:
    """Task that copies originals into one shard.

    Parameters
    ----------
    name : str
        Key without the target's prefix.
    originals : tuple of ListedObject
        In the order of their copies in the shard.
    there : bool
        Whether the target has an object of this name.
    """

    name: str
    originals: tuple[ListedObject, ...]
    there: bool


BackfillTask = Copies | Shard


def plan_tasks(
    s3: Any, job: BackfillJob, asked: int | None = None, hidden: list[str] | None = None
) -> list[BackfillTask]:
    """List the originals and the target of a job, and return its tasks.

    Parameters
    ----------
    s3
        S3 client.
    job : BackfillJob
    asked : int, optional
        Number of shards; see `shards.count`.
    hidden : list of str, optional
        Receives the keys that are left out because they are hidden; see `listing.originals`.

    Raises
    ------
    CannotBackfill
    """
    left_out: list[str] = [] if hidden is None else hidden
    originals = list(listing.originals(s3, job.source, left_out))
    if not originals:
        but = f", only {len(left_out)} hidden ones" if left_out else ""
        raise CannotBackfill(f"there are no objects at {job.source}{but}")
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
