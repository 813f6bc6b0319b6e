"""Names in S3: the rule for buckets and mounts, headers of metadata, and a bucket with a key prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass

# S3's rule for names of buckets, which the aliases of access points follow too.
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Paths of the server's own, which no mount may be named for.
OPERATIONS = frozenset({"healthz", "readyz", "metrics"})
# How S3 ends the aliases of Object Lambda access points.
OBJECT_LAMBDA_ALIAS = "--ol-s3"
# The prefix of the headers that carry an object's metadata.
METADATA_HEADER = "x-amz-meta-"
_SCHEME = "s3://"


def as_mount_name(name: str) -> str:
    """Return a name as a mount may be named, which is as a bucket: `My Photos` becomes `my-photos`."""
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return made if BUCKET_NAME.fullmatch(made) and made not in OPERATIONS else "files"


# Not `frozen`: this module is also imported where `preprocessing`, and so NumPy, is not wanted.
@dataclass(frozen=True, slots=True)
class S3Prefix:
    """A bucket, or the part of it whose keys begin with a prefix.

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
    def parse(cls, text: str) -> S3Prefix:
        """Read ``bucket`` or ``bucket/prefix``; the bucket's name is not checked."""
        bucket, _, prefix = text.partition("/")
        return cls(bucket, prefix)

    @classmethod
    def from_url(cls, url: str) -> S3Prefix:
        """Read ``s3://bucket`` or ``s3://bucket/prefix``.

        Raises
        ------
        ValueError
            Where `url` is something else, or its bucket's name breaks S3's rule.
        """
        found = cls.parse(url.removeprefix(_SCHEME))
        if not url.startswith(_SCHEME) or not BUCKET_NAME.fullmatch(found.bucket):
            raise ValueError(
                f"write the location as s3://bucket/prefix, got {url!r}; a bucket's name has 3 to 63 "
                "characters of a-z, 0-9, dots and hyphens"
            )
        return found

    @property
    def folder(self) -> S3Prefix:
        """The same location as a folder: its prefix is empty, or ends in one slash."""
        prefix = self.prefix.rstrip("/")
        return S3Prefix(self.bucket, f"{prefix}/" if prefix else "")

    def __contains__(self, other: S3Prefix) -> bool:
        return self.bucket == other.bucket and other.prefix.startswith(self.prefix)

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}"
