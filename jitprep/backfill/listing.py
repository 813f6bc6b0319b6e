"""Listing of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jitprep.backfill.job import CannotBackfill
from jitprep.service.s3_names import S3Prefix
from preprocessing.names import is_hidden


@dataclass(frozen=True, slots=True)
class ListedObject:
    """Object in a listing.

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


def originals(s3: Any, place: S3Prefix, hidden: list[str] | None = None) -> Iterator[ListedObject]:
    """List the objects below a prefix that may be samples, in S3's order.

    Empty objects whose key ends in a slash are left out: S3's console creates them to mark folders.

    Parameters
    ----------
    s3
        S3 client.
    place : S3Prefix
    hidden : list of str, optional
        Receives the keys that are left out because they are hidden, such as ``.DS_Store``.
    """
    for entry in _entries(s3, place):
        key: str = entry["Key"]
        if key.endswith("/") and not entry["Size"]:
            continue
        if not is_hidden(key, place.prefix):
            yield ListedObject(key, entry["ETag"], entry["Size"])
        elif hidden is not None:
            hidden.append(key)


def stored_keys(s3: Any, place: S3Prefix) -> set[str]:
    """Return all keys below a prefix."""
    return {entry["Key"] for entry in _entries(s3, place)}


def _entries(s3: Any, place: S3Prefix) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix)
    for page in pages:
        yield from page.get("Contents", ())
        if page.get("IsTruncated") and not page.get("NextContinuationToken"):
            raise CannotBackfill(
                f"the listing of {place} is truncated, and has no continuation token for the next page"
            )
