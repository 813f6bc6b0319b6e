"""Planning while the bucket is listed: what is known of the target, in what order, and how far ahead."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.backfill.engines import local
from jitprep.backfill.engines.look_ahead import LookAhead
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.listing import ListedObject, ListingCounts
from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.planning import plan
from jitprep.backfill.planning.merge_join import with_stored
from jitprep.backfill.tasks import Copies
from jitprep.service.s3_names import S3Prefix
from preprocessing import Pipeline

KEYS = st.sets(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4), max_size=30
)


def listed(keys: Iterable[str]) -> Iterator[ListedObject]:
    return (ListedObject(key, '"e"', 1) for key in keys)


class PagedS3:
    """Lists keys of buckets in their order, a page of three at a time, and counts the pages."""

    def __init__(self, **buckets: list[str]) -> None:
        self.buckets, self.pages = buckets, dict.fromkeys(buckets, 0)

    def get_paginator(self, name: str) -> Any:
        assert name == "list_objects_v2"
        return self

    def paginate(self, **asked: str) -> Iterator[Any]:
        bucket = asked["Bucket"]
        keys = [key for key in self.buckets[bucket] if key.startswith(asked["Prefix"])]
        for start in range(0, len(keys), 3):
            self.pages[bucket] += 1
            page = [{"Key": key, "ETag": '"e"', "Size": 1} for key in keys[start : start + 3]]
            yield {"Contents": page}


def job(source: str = "photos", target: str = "copies", **given: Any) -> BackfillJob:
    return BackfillJob(
        S3Prefix(source), S3Prefix(target, "small/"), Pipeline.parse("resize:8,8/npy"), **given
    )


@given(KEYS, KEYS)
def test_the_merge_join_is_the_intersection_and_takes_one_key_beyond_it(keys, stored):
    taken: list[str] = []
    keep = (taken.append(key) or key for key in sorted(stored))
    joined = []
    for original, there in with_stored(listed(sorted(keys)), keep):
        joined.append((original.key, there))
        assert sum(key >= original.key for key in taken) <= 1
    assert joined == [(key, key in stored) for key in sorted(keys)]


@given(KEYS)
def test_pythons_order_of_keys_is_that_of_their_utf8(keys):
    """With it, S3's listings can be joined without a conversion."""
    assert sorted(keys) == sorted(keys, key=str.encode)


def test_tasks_are_planned_before_the_listing_ends(monkeypatch):
    monkeypatch.setattr(plan, "_TOGETHER", 2)
    keys = [f"{number:03d}.jpg" for number in range(300)]
    s3 = PagedS3(photos=keys, copies=[f"small/{key}" for key in keys[::2]])
    counts = ListingCounts()
    tasks = plan.plan_tasks(s3, job(), counts=counts)
    first = next(tasks)
    assert (s3.pages, counts.originals) == ({"photos": 1, "copies": 1}, None)
    assert first.there == {"000.jpg"}
    rest = list(tasks)
    assert counts.originals == 300
    assert [o.key for task in (first, *rest) for o in task.originals] == keys
    assert {key for task in (first, *rest) for key in task.there} == set(keys[::2])


@pytest.mark.parametrize(
    "buckets",
    [
        {"photos": ["b", "a"], "copies": []},
        {"photos": ["a", "c"], "copies": ["small/b", "small/a"]},
        {"photos": ["a", "a"], "copies": []},
    ],
)
def test_a_listing_in_another_order_is_refused(buckets):
    with pytest.raises(CannotBackfill, match=r"not in the order of its keys.*use --format tar"):
        list(plan.plan_tasks(PagedS3(**buckets), job()))


@pytest.mark.parametrize(("source", "target"), [("photos--x-s3", "copies"), ("photos", "c--x-s3")])
def test_each_copy_is_examined_where_a_directory_bucket_gives_no_order(source, target):
    s3 = PagedS3(**{source: ["b", "c", "a"], target: []})
    (task,) = plan.plan_tasks(s3, job(source, target))
    assert task.there == {"a", "b", "c"}
    assert s3.pages[target] == 0


def test_shards_need_no_order():
    keys = ["b", "d", "a", "c"]
    (tar,) = plan.plan_tasks(PagedS3(photos=keys, copies=[]), job(format="tar"))
    (same,) = plan.plan_tasks(PagedS3(photos=sorted(keys), copies=[]), job(format="tar"))
    assert tar == same
    assert {original.key for original in tar.originals} == set(keys)


def test_a_full_disk_is_explained():
    def originals() -> Iterator[ListedObject]:
        yield from listed(["a"])
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(CannotBackfill, match="disk is full; set TMPDIR"):
        plan.OriginalsSpool(originals())


@given(st.lists(st.integers(), max_size=20), st.integers(1, 4), st.booleans())
def test_looking_ahead_keeps_order_and_a_limit(items, most, fails):
    taken: list[int] = []
    ahead: list[int] = []

    def source() -> Iterator[int]:
        for number, item in enumerate(items):
            ahead.append(number - len(taken))
            yield item
        if fails:
            raise KeyError("listing")

    planned = LookAhead(source(), most)
    while not planned.ended:
        item = planned.take(5)
        if item is not None:
            taken.append(item)
    assert taken == items
    assert all(number <= most + 1 for number in ahead)
    if fails:
        with pytest.raises(KeyError):
            planned.require_whole()
    else:
        planned.require_whole()


def test_looking_ahead_ends_when_it_is_closed():
    ended = threading.Event()

    def source() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            ended.set()

    planned = LookAhead(source(), 2)
    assert planned.take(5) == 0
    planned.close()
    assert ended.wait(5)


@pytest.fixture
def idle(monkeypatch, in_threads):
    """The local engine in this process, which does nothing with a task."""
    monkeypatch.setattr(local, "ProcessPoolExecutor", lambda most, *_: ThreadPoolExecutor(most))
    monkeypatch.setattr(local, "_do", lambda task: TaskOutcome(done=len(task.originals)))


@pytest.mark.usefixtures("idle")
def test_a_listing_that_hangs_does_not_delay_the_end():
    hangs = threading.Event()

    def tasks() -> Iterator[Copies]:
        hangs.wait(60)
        yield Copies((), frozenset())

    polls = count()
    assert list(local.run(job(), tasks(), 1, lambda: next(polls) == 2)) == []
    hangs.set()


@pytest.mark.usefixtures("idle")
def test_what_was_done_before_a_listing_failed_is_counted():
    def tasks() -> Iterator[Copies]:
        yield from (Copies(tuple(listed([key])), frozenset()) for key in "abcdef")
        raise CannotBackfill("the listing ends here")

    outcomes = local.run(job(), tasks(), 2)
    assert sum(outcome.done for outcome in islice(outcomes, 6)) == 6
    with pytest.raises(CannotBackfill, match="ends here"):
        next(outcomes)
