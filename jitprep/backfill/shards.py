"""Shards: the assignment of originals to shards, and the metadata of a shard.

Originals are assigned by a hash of their keys, which shuffles them in the same way in each run. Where an
original is added, removed or changed, only its shard is written again.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from jitprep.backfill.job import BackfillJob, CannotBackfill, OutputFormat
from jitprep.backfill.listing import ListedObject, stored_keys
from jitprep.service.results.copy_metadata import PREFIX
from jitprep.service.results.derived_object import provenance

# Originals per shard, on average, where the number of shards is not given.
_USUAL = 1000
# Originals per shard at most. A killed run loses one shard of work, and S3's 2 KB of metadata hold one
# bit per original.
MOST = 4096
_MOST_SHARDS = 99_999
# Metadata of originals without a copy: a hexadecimal number with one bit per original.
_LEFT_OUT = f"{PREFIX}left-out"
_LAYOUT = "2"  # increase it when the content of shards changes


def name(number: int, shards: int, form: OutputFormat) -> str:
    """Return the name of a shard."""
    return f"{number:05d}-of-{shards:05d}.{form}"


def stored(s3: Any, job: BackfillJob) -> frozenset[str]:
    """Return the names of the shards in the target of a job, of any number of shards."""
    skipped = len(job.target.prefix)
    names = (key[skipped:] for key in stored_keys(s3, job.target, below_folders=False))
    return frozenset(name for name in names if set_sizes([name], job.format))


def set_sizes(names: Iterable[str], form: OutputFormat) -> set[int]:
    """Return the sizes of the sets that the named shards are of; other names are ignored."""
    pattern = re.compile(rf"\d{{5}}-of-(\d{{5}})\.{form}")
    return {int(found[1]) for name in names if (found := pattern.fullmatch(name))}


def chosen_number(there: Collection[str], job: BackfillJob, asked: int | None) -> int | None:
    """Return the number of shards that the caller asked for or the target has; None where neither is.

    Parameters
    ----------
    there : collection of str
        Names of the shards in the target.
    job : BackfillJob
    asked : int, optional

    Raises
    ------
    CannotBackfill
        Where the target has shards of a different number, so that it would hold every original twice.
    """
    stored_numbers = set_sizes(there, job.format)
    if len(stored_numbers | ({asked} if asked else set())) > 1:
        raise CannotBackfill(
            f"{job.target} has sets of {' and of '.join(map(str, sorted(stored_numbers)))} shards"
            f"{f', not of {asked}' if asked else ''}, so that it would hold originals twice; choose "
            "another target, or delete those shards"
        )
    return asked or next(iter(stored_numbers), None)


def usual_number(originals: int) -> int:
    """Return the number of shards for a number of originals: one per thousand."""
    return min(max(-(-originals // _USUAL), 1), _MOST_SHARDS)


def place(key: str) -> int:
    """Return a hash of a key; its remainder by the number of shards is the shard.

    Originals whose keys differ only after the last dot are assigned to one shard, where the tar writer
    gives them distinct names.
    """
    return int.from_bytes(_digest(key)[:8], "big")


def order(originals: Iterable[ListedObject]) -> tuple[ListedObject, ...]:
    """Return the originals of a shard in the order of their copies."""
    return tuple(sorted(originals, key=lambda original: (_digest(original.key), original.key)))


def require_most(originals: int, shards: int) -> None:
    """Raise CannotBackfill where the largest shard would have too many originals."""
    if originals > MOST:
        raise CannotBackfill(
            f"one of {shards} shards has {originals} originals, and the limit is {MOST}; use more "
            "--shards, in a target without shards"
        )


def _digest(key: str) -> bytes:
    return hashlib.sha256(posixpath.splitext(key)[0].encode()).digest()


def etag(originals: Sequence[ListedObject]) -> str:
    """Return an ETag for the originals of a shard in their order, in quotes as S3's are."""
    digest = hashlib.sha256(_LAYOUT.encode())
    for original in originals:
        digest.update(f"\0{original.key}\0{original.etag}".encode())
    return f'"{digest.hexdigest()}"'


def shard_metadata(job: BackfillJob) -> dict[str, str]:
    """Return the metadata that all copies in a shard share: how they were made."""
    output = job.pipeline.output
    metadata = job.pipeline.metadata(output.shape, output.dtype, seed=job.seed)
    return provenance(
        {name: value for name, value in metadata.items() if name not in {"shape", "dtype"}}
    )


def left_out_metadata(positions: Iterable[int]) -> dict[str, str]:
    """Return the metadata that records which of a shard's originals have no copy."""
    bits = sum(1 << position for position in positions)
    return {_LEFT_OUT: f"{bits:x}"} if bits else {}


def left_out(metadata: Mapping[str, str], originals: Sequence[ListedObject]) -> list[ListedObject]:
    """Return the originals of a shard that have no copy, from its metadata."""
    bits = int(metadata.get(_LEFT_OUT, "0"), 16)
    return [original for number, original in enumerate(originals) if bits >> number & 1]
