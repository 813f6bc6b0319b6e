"""What is to be done: which originals, through which pipeline, to where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jitprep.service.s3_names import OBJECT_LAMBDA_ALIAS, S3Prefix
from preprocessing import Limits, Pipeline
from preprocessing.limits import DEFAULT_LIMITS

OutputFormat = Literal["objects", "tar", "parquet"]


class CannotBackfill(Exception):
    """A job that cannot be done as it is: the message names the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class BackfillJob:
    """What is to be done.

    Parameters
    ----------
    source : S3Prefix
        Of the originals.
    target : S3Prefix
        The folder of the copies: an object's copy has the same key below it.
    pipeline : Pipeline
    seed : int
        What random transforms draw from, together with each object's key and ETag.
    format : {"objects", "tar", "parquet"}
        An object for each original, or many of them in a shard.
    limits : Limits
        For each original.

    Raises
    ------
    CannotBackfill
        Where the originals come out of a pipeline already, or copies would be taken for originals.
    """

    source: S3Prefix
    target: S3Prefix
    pipeline: Pipeline
    seed: int = 0
    format: OutputFormat = "objects"
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        if self.source.bucket.endswith(OBJECT_LAMBDA_ALIAS):
            raise CannotBackfill(
                f"{self.source.bucket} is an Object Lambda access point, which transforms what is read; "
                "name the bucket behind it"
            )
        copies = S3Prefix(self.target.bucket, self.target.prefix + self.source.prefix)
        if copies in self.source:
            raise CannotBackfill(
                f"the copies would be written to {copies}, within {self.source}, and the next run "
                "would take them for originals; choose another bucket or prefix"
            )
