"""What is in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jitprep.backfill.job import CannotBackfill
from jitprep.service.s3_names import S3Prefix
from preprocessing.names import is_hidden


@dataclass(frozen=True, slots=True)
class ListedObject:
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


def originals(s3: Any, place: S3Prefix, hidden: list[str] | None = None) -> Iterator[ListedObject]:
    """List the objects of a place that may be samples, in S3's order.

    Those of no bytes whose key ends in a slash only stand for a folder, as S3's console makes them:
    there is nothing in them to copy.

    Parameters
    ----------
    s3
        A client.
    place : S3Prefix
    hidden : list of str, optional
        Gets the keys that are left out because they are hidden, such as ``.DS_Store``.
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
    """Return the keys of a place."""
    return {entry["Key"] for entry in _entries(s3, place)}


def _entries(s3: Any, place: S3Prefix) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix)
    for page in pages:
        yield from page.get("Contents", ())
        if page.get("IsTruncated") and not page.get("NextContinuationToken"):
            raise CannotBackfill(
                f"the listing of {place} breaks off: S3 says that there is more, and not where"
            )
