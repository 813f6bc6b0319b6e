"""New buckets for the tests of the S3 inside."""

from __future__ import annotations

import uuid


def new_bucket(s3, versioning=None):
    name = f"b-{uuid.uuid4().hex[:16]}"
    s3.create_bucket(Bucket=name)
    if versioning:
        set_versioning(s3, name, versioning)
    return name


def set_versioning(s3, bucket, status):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
