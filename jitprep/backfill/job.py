"""Description of a backfill: its originals, its pipeline and its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jitprep.service.s3_names import OBJECT_LAMBDA_ALIAS, S3Prefix
from preprocessing import Limits, Pipeline
from preprocessing.limits import DEFAULT_LIMITS

OutputFormat = Literal["objects", "tar", "parquet"]


class CannotBackfill(Exception):
    """A job that cannot run; the message has the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class BackfillJob:
    """Description of a backfill.

    Parameters
    ----------
    source : S3Prefix
        Location of the originals.
    target : S3Prefix
        Folder of the copies. A copy has the key of its original below it.
    pipeline : Pipeline
    seed : int
        Seed of random transforms. The key and ETag of each object are part of each draw too.
    format : {"objects", "tar", "parquet"}
        One object per original, or shards.
    limits : Limits
        Limits for each original.
    column : str, optional
        Column of the samples, where the originals are rows of Parquet tables; None for objects.

    Raises
    ------
    CannotBackfill
        Where the source is an Object Lambda access point, or contains the target.
    """

    source: S3Prefix
    target: S3Prefix
    pipeline: Pipeline
    seed: int = 0
    format: OutputFormat = "objects"
    limits: Limits = DEFAULT_LIMITS
    column: str | None = None

    def __post_init__(self) -> None:
        if self.source.bucket.endswith(OBJECT_LAMBDA_ALIAS):
            raise CannotBackfill(
                f"{self.source.bucket} is an Object Lambda access point, whose results are transformed; "
                "use the bucket behind it"
            )
        copies = S3Prefix(self.target.bucket, self.target.prefix + self.source.prefix)
        if copies in self.source:
            raise CannotBackfill(
                f"the copies would be written to {copies}, within {self.source}, and the next run "
                "would take them for originals; choose another bucket or prefix"
            )
