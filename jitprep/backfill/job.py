"""What is to be done: which originals, through which pipeline, to where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from preprocessing import Limits, Pipeline
from preprocessing.limits import DEFAULT_LIMITS

OutputFormat = Literal["objects", "tar", "parquet"]

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)
# How S3 ends the aliases of Object Lambda access points.
_OBJECT_LAMBDA = "--ol-s3"


class CannotBackfill(Exception):
    """A job that cannot be done as it is: the message names the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, or the part of it whose keys begin alike.

    Parameters
    ----------
    bucket : str
        A bucket's name, or an access point's alias.
    prefix : str
        How the keys begin; empty for the whole bucket.
    """

    bucket: str
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> Place:
        """Read ``s3://bucket/prefix``.

        Raises
        ------
        CannotBackfill
        """
        found = _URL.fullmatch(url)
        if found is None:
            raise CannotBackfill(
                f"write the place as s3://bucket/prefix, got {url!r}; a bucket's name is 3 to 63 of "
                "a-z, 0-9, dots and hyphens"
            )
        return cls(found[1], found[2] or "")

    @property
    def folder(self) -> Place:
        """The same place as a folder: its prefix is empty, or ends in a slash."""
        prefix = self.prefix.rstrip("/")
        return Place(self.bucket, f"{prefix}/" if prefix else "")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class BackfillJob:
    """What is to be done.

    Parameters
    ----------
    source : Place
        Of the originals.
    target : Place
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

    source: Place
    target: Place
    pipeline: Pipeline
    seed: int = 0
    format: OutputFormat = "objects"
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        if self.source.bucket.endswith(_OBJECT_LAMBDA):
            raise CannotBackfill(
                f"{self.source.bucket} is an Object Lambda access point, which transforms what is read; "
                "name the bucket behind it"
            )
        copies = self.target.prefix + self.source.prefix  # how their keys begin
        if self.source.bucket == self.target.bucket and copies.startswith(self.source.prefix):
            raise CannotBackfill(
                f"the copies would go to {Place(self.target.bucket, copies)}, within {self.source}: the "
                "next run would take copies for originals; choose another bucket or prefix"
            )
