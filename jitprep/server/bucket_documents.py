"""S3's documents about buckets: the list of mounts, and a mount's location."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
# Mounts have no date of their own. Clients require one.
_CREATED = "2006-03-01T00:00:00.000Z"


def buckets_document(mounts: Iterable[str]) -> bytes:
    """Return the answer to ListBuckets."""
    buckets = "".join(
        f"<Bucket><Name>{escape(name)}</Name><CreationDate>{_CREATED}</CreationDate></Bucket>"
        for name in sorted(mounts)
    )
    return (
        f"{_DECLARATION}<ListAllMyBucketsResult {_NAMESPACE}><Owner><ID>jitprep</ID></Owner>"
        f"<Buckets>{buckets}</Buckets></ListAllMyBucketsResult>"
    ).encode()


def location_document() -> bytes:
    """Return the answer to GetBucketLocation: us-east-1, which S3 writes as nothing."""
    return f"{_DECLARATION}<LocationConstraint {_NAMESPACE}/>".encode()
