"""Manifests that S3 makes itself: which objects they name, and where they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jitprep.emulator.data_plane.s3_client import ListingEntry

FORMAT = "S3InventoryReport_CSV_20211130"


@dataclass(frozen=True)
class ManifestFilter:
    """The objects that a list names; None where a rule is not given.

    Parameters
    ----------
    prefix, suffix, substring
        How their keys begin, end, and what they contain.
    created_after, created_before
        When they were stored.
    larger_than, smaller_than
        Their sizes in bytes.
    storage_classes
        Their storage classes.
    """

    prefix: str | None = None
    suffix: str | None = None
    substring: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    larger_than: int | None = None
    smaller_than: int | None = None
    storage_classes: frozenset[str] | None = None

    def matches(self, stored: ListingEntry) -> bool:
        """Return whether the list names an object."""
        key, size, created = stored.key, stored.size, stored.modified
        return (
            key.startswith(self.prefix or "")
            and key.endswith(self.suffix or "")
            and (self.substring or "") in key
            and (self.created_after is None or created > self.created_after)
            and (self.created_before is None or created < self.created_before)
            and (self.larger_than is None or size > self.larger_than)
            and (self.smaller_than is None or size < self.smaller_than)
            and (self.storage_classes is None or stored.storage_class in self.storage_classes)
        )


@dataclass(frozen=True)
class ManifestGenerator:
    """A job's request to list the objects of a bucket.

    Parameters
    ----------
    bucket
        The bucket.
    filter
        The objects of it.
    owner
        The account that must own the bucket, if the job names one.
    output
        The bucket and the folder where the list is stored; None where it is not.
    """

    bucket: str
    filter: ManifestFilter
    owner: str | None
    output: tuple[str, str] | None


@dataclass(frozen=True)
class GeneratedManifest:
    """The stored list of a job, as DescribeJob names it; ``etag`` has no quotes."""

    arn: str
    etag: str
