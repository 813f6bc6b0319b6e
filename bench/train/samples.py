"""The 64 photographs of 500×375 that CPU per sample is measured with, and their bucket in S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from bench import photos

BUCKET, PREFIX = "jitprep-bench-train", "originals"
COUNT, BATCH = 64, 32


def bodies() -> dict[str, bytes]:
    """Return the photographs as JPEG, by key."""
    return {
        f"{number:02}.jpg": photos.small(photos.SMALL[number % len(photos.SMALL)])
        for number in range(COUNT)
    }


def client(url: str) -> Any:
    """Return a client of the store, whose keys are in the environment."""
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1")


def fill_bucket(url: str, objects: Mapping[str, bytes]) -> None:
    """Store the photographs below `PREFIX`."""
    s3 = client(url)
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    for key, body in objects.items():
        s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{key}", Body=body)
