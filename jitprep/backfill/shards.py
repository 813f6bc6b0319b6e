"""Many copies in one object: which originals go together, what a shard tells of them, how it is written.

Originals are dealt out by a hash of their keys. So they are shuffled, in the same way at each run; and
where one comes, goes or changes, only its shard is made anew.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import IO, Protocol

from jitprep.backfill.job import BackfillJob, CannotBackfill, OutputFormat
from jitprep.backfill.listing import ListedObject
from jitprep.backfill.reading import Copy
from jitprep.service.results.copy_metadata import PREFIX
from jitprep.service.results.derived_object import provenance

# How many originals a shard has where nobody says, on average.
_USUAL = 1000
# What is lost where a run is killed is a shard at most; and S3's 2 KB of metadata hold a bit for each.
_MOST = 4096
_MOST_SHARDS = 99_999
# Which originals have no copy in a shard, as the bits of a hexadecimal number.
_LEFT_OUT = f"{PREFIX}left-out"
_LAYOUT = "2"  # raise it where shards are written in another way
CONTENT_TYPES = {"tar": "application/x-tar", "parquet": "application/vnd.apache.parquet"}


class ShardWriter(Protocol):
    """What writes a shard into a file."""

    def add(self, original: ListedObject, copy: Copy) -> None:
        """Write a copy."""

    def close(self) -> None:
        """Write what stands behind the last copy; the file stays open."""


def writer(file: IO[bytes], job: BackfillJob) -> ShardWriter:
    """Return what writes a shard of the job's format."""
    if job.format == "tar":
        from jitprep.backfill.webdataset import TarWriter  # noqa: PLC0415

        return TarWriter(file, job.pipeline)
    from jitprep.backfill.parquet import ParquetWriter  # noqa: PLC0415  pyarrow, which is an extra

    return ParquetWriter(file, job)


def count(there: Collection[str], job: BackfillJob, originals: int, asked: int | None) -> int:
    """Return into how many shards the originals go.

    Parameters
    ----------
    there : collection of str
        The names of what is in the target.
    job : BackfillJob
    originals : int
        How many there are.
    asked : int, optional
        What the caller wants; None for what is there already, else one for a thousand originals.

    Raises
    ------
    CannotBackfill
        Where the target has shards of another number: every original would be there twice.
    """
    pattern = re.compile(rf"\d{{5}}-of-(\d{{5}})\.{job.format}")
    numbers = {int(found[1]) for name in there if (found := pattern.fullmatch(name))}
    if len(numbers | ({asked} if asked else set())) > 1:
        raise CannotBackfill(
            f"{job.target} has shards that were dealt out by "
            f"{' and by '.join(map(str, sorted(numbers)))}{f', not by {asked}' if asked else ''}: "
            "originals would be in it twice; choose another target, or delete those"
        )
    return asked or next(iter(numbers), min(max(-(-originals // _USUAL), 1), _MOST_SHARDS))


def deal(
    originals: Iterable[ListedObject], shards: int, form: OutputFormat
) -> dict[str, tuple[ListedObject, ...]]:
    """Deal originals out to shards.

    Those whose keys differ only in what stands behind the last dot come into one shard: in a tar file
    they would be one sample.

    Returns
    -------
    dict of str to tuple of Original
        The shards' names, and what is in each, in order. None is left out, also where it is empty.

    Raises
    ------
    CannotBackfill
        Where one gets too many.
    """
    hands: list[list[tuple[bytes, ListedObject]]] = [[] for _ in range(shards)]
    for original in originals:
        digest = hashlib.sha256(posixpath.splitext(original.key)[0].encode()).digest()
        hands[int.from_bytes(digest[:8], "big") % shards].append((digest, original))
    most = max(map(len, hands))
    if most > _MOST:
        raise CannotBackfill(
            f"with {shards} shards there are {most} originals in one, and {_MOST} at most are made; ask "
            "for more shards, in a target that has none yet"
        )
    return {
        f"{number:05d}-of-{shards:05d}.{form}": tuple(
            original for _, original in sorted(hand, key=lambda pair: (pair[0], pair[1].key))
        )
        for number, hand in enumerate(hands)
    }


def etag(originals: Sequence[ListedObject]) -> str:
    """Return one ETag for all of a shard's originals, in order; in quotes, as S3's are."""
    digest = hashlib.sha256(_LAYOUT.encode())
    for original in originals:
        digest.update(f"\0{original.key}\0{original.etag}".encode())
    return f'"{digest.hexdigest()}"'


def described(job: BackfillJob) -> dict[str, str]:
    """Return what a shard tells of how its copies were made, less what is each one's own."""
    output = job.pipeline.output
    told = job.pipeline.metadata(output.shape, output.dtype, seed=job.seed)
    return provenance(
        {name: value for name, value in told.items() if name not in {"shape", "dtype"}}
    )


def tell_left_out(positions: Iterable[int]) -> dict[str, str]:
    """Return the metadata that tells which of a shard's originals have no copy in it."""
    bits = sum(1 << position for position in positions)
    return {_LEFT_OUT: f"{bits:x}"} if bits else {}


def left_out(metadata: Mapping[str, str], originals: Sequence[ListedObject]) -> list[ListedObject]:
    """Return the originals that have no copy in a shard."""
    bits = int(metadata.get(_LEFT_OUT, "0"), 16)
    return [original for number, original in enumerate(originals) if bits >> number & 1]
