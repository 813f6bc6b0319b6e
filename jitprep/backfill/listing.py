"""Listing of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jitprep.backfill.job import CannotBackfill
from jitprep.service.s3_names import S3Prefix
from preprocessing.names import is_hidden

# How S3 ends the names of directory buckets (S3 Express One Zone).
_DIRECTORY_BUCKET = "--x-s3"


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


@dataclass(slots=True)
class ListingCounts:
    """What a listing has found so far.

    Parameters
    ----------
    originals : int, optional
        Number of originals; None until all are listed.
    hidden : int
        Number of objects that are left out because they are hidden, such as ``.DS_Store``.
    """

    originals: int | None = None
    hidden: int = 0


def originals(
    s3: Any, place: S3Prefix, counts: ListingCounts | None = None
) -> Iterator[ListedObject]:
    """List the objects below a prefix that may be samples, in S3's order.

    Empty objects whose key ends in a slash are left out: S3's console creates them to mark folders.

    Parameters
    ----------
    s3
        S3 client.
    place : S3Prefix
    counts : ListingCounts, optional
        Its hidden objects are counted.
    """
    for entry in _entries(s3, place):
        key: str = entry["Key"]
        if key.endswith("/") and not entry["Size"]:
            continue
        if not is_hidden(key, place.prefix):
            yield ListedObject(key, entry["ETag"], entry["Size"])
        elif counts is not None:
            counts.hidden += 1


def stored_keys(s3: Any, place: S3Prefix, *, below_folders: bool = True) -> Iterator[str]:
    """List the keys below a prefix; without those below its folders, only the ones directly there."""
    for entry in _entries(s3, place, {} if below_folders else {"Delimiter": "/"}):
        yield entry["Key"]


def is_in_order(place: S3Prefix) -> bool:
    """Whether a listing is in the order of the keys: not where S3 keeps a directory bucket."""
    return not place.bucket.endswith(_DIRECTORY_BUCKET)


def _entries(
    s3: Any, place: S3Prefix, options: dict[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=place.bucket, Prefix=place.prefix, **(options or {})
    )
    for page in pages:
        yield from page.get("Contents", ())
        if page.get("IsTruncated") and not page.get("NextContinuationToken"):
            raise CannotBackfill(
                f"the listing of {place} is truncated, and has no continuation token for the next page"
            )
