"""What is in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from backfill.job import Place


@dataclass(frozen=True, slots=True)
class Original:
    """An object as it was listed.

    Parameters
    ----------
    key : str
    etag : str
        In quotes.
    size : int
        In bytes.
    """

    key: str
    etag: str
    size: int


def originals(s3: Any, place: Place) -> Iterator[Original]:
    """List the objects of a place, in S3's order.

    Those of no bytes whose key ends in a slash only stand for a folder, as S3's console makes them:
    there is nothing in them to copy.
    """
    for entry in _entries(s3, place):
        if entry["Size"] or not entry["Key"].endswith("/"):
            yield Original(entry["Key"], entry["ETag"], entry["Size"])


def keys(s3: Any, place: Place) -> set[str]:
    """Return the keys of a place."""
    return {entry["Key"] for entry in _entries(s3, place)}


def _entries(s3: Any, place: Place) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix)
    for page in pages:
        yield from page.get("Contents", ())
