"""An S3 that only lists: any number of keys, made as they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

SOURCE, TARGET = "photos", "copies"
PREFIX, FOLDER = "train/", "small/"
_PAGE = 1000


class ListedS3:
    """Stands in for boto3's client, with pages as boto3 parses them.

    Parameters
    ----------
    originals : int
        Number of keys in the bucket of the originals. Every second one has a copy.
    """

    def __init__(self, originals: int) -> None:
        self._originals = originals

    def get_paginator(self, _: str) -> ListedS3:
        """Return what lists."""
        return self

    def paginate(self, *, Bucket: str, Delimiter: str = "", **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        """Yield the pages of a bucket; a target has no objects that are not below a folder."""
        if Bucket == SOURCE:
            yield from _pages(PREFIX, range(self._originals))
        elif not Delimiter:
            yield from _pages(FOLDER + PREFIX, range(0, self._originals, 2))


def _pages(prefix: str, numbers: range) -> Iterator[dict[str, Any]]:
    for start in range(0, len(numbers), _PAGE):
        page = numbers[start : start + _PAGE]
        yield {
            "IsTruncated": start + _PAGE < len(numbers),
            "NextContinuationToken": str(start),
            "Contents": [_entry(f"{prefix}{n // 5000:06d}/{n:010d}.jpg", n) for n in page],
        }


def _entry(key: str, number: int) -> dict[str, Any]:
    digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    return {
        "Key": key,
        "ETag": f'"{digest}"',
        "Size": 100_000 + number % 1000,
        "StorageClass": "STANDARD",
    }
