"""Shards: the assignment of originals to shards, and the metadata of a shard.

Originals are assigned by a hash of their keys, which shuffles them in the same way in each run. Where an
original is added, removed or changed, only its shard is written again.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from jitprep.backfill.job import BackfillJob, CannotBackfill, OutputFormat
from jitprep.backfill.listing import ListedObject
from jitprep.service.results.copy_metadata import PREFIX
from jitprep.service.results.derived_object import provenance

# Originals per shard, on average, where the number of shards is not given.
_USUAL = 1000
# Originals per shard at most. A killed run loses one shard of work, and S3's 2 KB of metadata hold one
# bit per original.
_MOST = 4096
_MOST_SHARDS = 99_999
# Metadata of originals without a copy: a hexadecimal number with one bit per original.
_LEFT_OUT = f"{PREFIX}left-out"
_LAYOUT = "2"  # increase it when the content of shards changes


def count(there: Collection[str], job: BackfillJob, originals: int, asked: int | None) -> int:
    """Return the number of shards.

    Parameters
    ----------
    there : collection of str
        Names of the objects in the target.
    job : BackfillJob
    originals : int
        Number of originals.
    asked : int, optional
        Number that the caller chose; None for that of the target, or one per thousand originals.

    Raises
    ------
    CannotBackfill
        Where the target has shards of a different number, so that it would hold every original twice.
    """
    pattern = re.compile(rf"\d{{5}}-of-(\d{{5}})\.{job.format}")
    numbers = {int(found[1]) for name in there if (found := pattern.fullmatch(name))}
    if len(numbers | ({asked} if asked else set())) > 1:
        raise CannotBackfill(
            f"{job.target} has sets of {' and of '.join(map(str, sorted(numbers)))} shards"
            f"{f', not of {asked}' if asked else ''}, so that it would hold originals twice; choose "
            "another target, or delete those shards"
        )
    return asked or next(iter(numbers), min(max(-(-originals // _USUAL), 1), _MOST_SHARDS))


def deal(
    originals: Iterable[ListedObject], shards: int, form: OutputFormat
) -> dict[str, tuple[ListedObject, ...]]:
    """Assign originals to shards.

    Originals whose keys differ only after the last dot are assigned to one shard, where the tar writer
    gives them distinct names.

    Returns
    -------
    dict of str to tuple of ListedObject
        Originals of each shard, in order, by the shard's name. Empty shards are included.

    Raises
    ------
    CannotBackfill
        Where a shard has too many originals.
    """
    hands: list[list[tuple[bytes, ListedObject]]] = [[] for _ in range(shards)]
    for original in originals:
        digest = hashlib.sha256(posixpath.splitext(original.key)[0].encode()).digest()
        hands[int.from_bytes(digest[:8], "big") % shards].append((digest, original))
    most = max(map(len, hands))
    if most > _MOST:
        raise CannotBackfill(
            f"one of {shards} shards has {most} originals, and the limit is {_MOST}; use more --shards, "
            "in a target without shards"
        )
    return {
        f"{number:05d}-of-{shards:05d}.{form}": tuple(
            original for _, original in sorted(hand, key=lambda pair: (pair[0], pair[1].key))
        )
        for number, hand in enumerate(hands)
    }


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
