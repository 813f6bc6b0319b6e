"""Merge join of two sorted listings, which holds one key of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from jitprep.backfill.job import CannotBackfill
from jitprep.backfill.listing import ListedObject
from jitprep.service.s3_names import S3Prefix

_T = TypeVar("_T")


def with_stored(
    originals: Iterable[ListedObject], stored: Iterable[str]
) -> Iterator[tuple[ListedObject, bool]]:
    """Yield each original, and whether its key is among the stored ones.

    Parameters
    ----------
    originals : iterable of ListedObject
        In ascending order of their keys.
    stored : iterable of str
        In ascending order.
    """
    keys = iter(stored)
    key = next(keys, None)
    for original in originals:
        while key is not None and key < original.key:
            key = next(keys, None)
        yield original, key == original.key


def ascending(
    listed: Iterable[_T], place: S3Prefix, key: Callable[[_T], str] = str
) -> Iterator[_T]:
    """Yield what is listed, and check that its keys ascend.

    S3 lists keys in the order of their UTF-8 bytes, which is Python's order of strings.

    Parameters
    ----------
    listed : iterable
    place : S3Prefix
        What is listed.
    key : callable
        Returns the key of an item.

    Raises
    ------
    CannotBackfill
    """
    before = None
    for item in listed:
        now = key(item)
        if before is not None and now <= before:
            raise CannotBackfill(
                f"the listing of {place} is not in the order of its keys, as S3's is: {now!r} follows "
                f"{before!r}; use --format tar or parquet, which need no order"
            )
        before = now
        yield item
