"""Originals in stores, copies in a folder: a warm read takes a HEAD of the original, and the copy."""

from __future__ import annotations

import numpy as np
import pytest

from jitprep.service.config import config
from jitprep.service.deadline import original_room
from jitprep.service.results.copy_writer import copy_writer
from tests.photos import photo

from .conftest import NAMES, page

KEYS = list(NAMES)
SPEC = "resize:24/random_crop:16/random_horizontal_flip/npy"


@pytest.mark.parametrize("spec", ["resize:16,16/npy", "resize:16,16/png", SPEC])
def test_a_warm_read_fetches_no_original(opened, store, tmp_path, spec):
    off = opened(spec).get_each(KEYS)
    for way in ("cold", "warm", "warm, one by one"):
        del store.requests[:]
        kept = opened(spec, store=f"file:{tmp_path}/copies")
        got = {key: kept.get(key) for key in KEYS} if "one" in way else kept.get_each(KEYS)
        copy_writer.finish(10)
        for key in KEYS:
            np.testing.assert_array_equal(got[key], off[key], strict=True)
        methods = [method for method, *_ in store.requests]
        assert methods.count("GET") == (len(KEYS) if way == "cold" else 0)
        assert methods.count("HEAD") == len(KEYS)


def test_a_row_is_filled_from_a_copy(opened, tmp_path):
    kept = opened("resize:16,16/npy", store=f"file:{tmp_path}/copies")
    wanted = opened("resize:16,16/npy").get_batch(KEYS)
    for _ in range(2):
        out = np.zeros((len(KEYS) + 1, 3, 16, 16), np.uint8)
        assert kept.read_into([*KEYS, KEYS[0]], out) == {}
        np.testing.assert_array_equal(out, [*wanted, wanted[0]])
        copy_writer.finish(10)


def test_a_changed_original_is_read_anew(opened, store, tmp_path):
    kept = opened("resize:16,16/npy", store=f"file:{tmp_path}/copies")
    kept.get("a.jpg")
    copy_writer.finish(10)
    store.pages["/bucket/pre/fix/a.jpg"] = page(photo("coffee"), "another")
    np.testing.assert_array_equal(kept.get("a.jpg"), opened("resize:16,16/npy").get("a.jpg"))


@pytest.mark.parametrize("etag", ['W/"weak"', ""])
def test_nothing_is_kept_of_a_version_that_is_not_sure(store, tmp_path, etag):
    from jitprep.reader import open_reader

    found = page(photo("rocket"), "")
    store.pages["/bucket/pre/fix/a.jpg"] = type(found)(
        found.body,
        {**found.headers, "ETag": etag}
        if etag
        else {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"},
    )
    kept = open_reader(
        f"{store.url}/bucket/pre/fix", pipeline="resize:16,16/npy", store=f"file:{tmp_path}/copies"
    )
    kept.get("a.jpg")
    copy_writer.finish(10)
    assert not list(tmp_path.glob("copies/jitprep-*/*"))


def test_an_original_that_fails_fails_as_without_a_store(opened, tmp_path):
    keys = ["missing.jpg", "cut.jpg", "empty.jpg"]
    off, kept = opened("resize:16,16/npy"), opened("resize:16,16/npy", store=f"{tmp_path}/copies")
    for _ in range(2):
        said = [
            {key: str(error) for key, error in one.get_each(keys).items()} for one in (off, kept)
        ]
        assert said[0] == said[1]


def test_a_draw_that_needs_the_original_reads_it(opened, tmp_path):
    """The luma of a resized photograph is decoded apart where a draw makes it gray."""
    spec = "resize:16,16/random_grayscale/npy"
    off, kept = opened(spec), opened(spec, store=f"file:{tmp_path}/copies")
    for seed in range(4):
        wanted, got = off.with_seed(seed).get_each(KEYS), kept.with_seed(seed).get_each(KEYS)
        copy_writer.finish(10)
        for key in KEYS:
            np.testing.assert_array_equal(got[key], wanted[key], strict=True)


def test_room_in_memory_is_given_back(opened, tmp_path):
    kept = opened("resize:16,16/random_grayscale:0.9/npy", store=f"file:{tmp_path}/copies")
    for seed in range(3):
        kept.with_seed(seed).get_each([*KEYS, "missing.jpg", "cut.jpg"])
        copy_writer.finish(10)
    assert original_room()._left == config().policy.limits.memory // 2
