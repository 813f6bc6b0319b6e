"""Readers of originals in stores: results, errors and retries, over real HTTP."""

from __future__ import annotations

import gzip
import pickle
import threading
import time
from typing import Any

import numpy as np
import pytest

from jitprep.reader import BadObject, Reader, ReadError, Refused, Unavailable, open_reader
from jitprep.reader.doors import fetched
from jitprep.reader.doors import store as door
from jitprep.reader.errors import STALE
from jitprep.reader.transport.retry import TRIES
from jitprep.service.config import config
from jitprep.service.deadline import Budget
from preprocessing import Pipeline, Seed
from tests.jitprep.service.source.stored.server import Fault
from tests.media import clip
from tests.photos import photo

from .conftest import CROPS, NAMES, page

BAD = {"cut.jpg": "CorruptObject", "empty.jpg": "EmptyObject", "none.jpg": "NoSuchKey"}
DOWN = Fault(503, b"<Error><Code>SlowDown</Code></Error>")


def is_http(reader: Reader) -> bool:
    return "scheme='http'" in repr(reader)


def drawn(reader: Reader, key: str, spec: str = CROPS, seed: int = 0) -> np.ndarray:
    """Return what an access point on the bucket returns."""
    host = "bucket/" if is_http(reader) else ""
    name = NAMES[key]
    return Pipeline.parse(spec)(photo(name), seed=Seed(seed, f"{host}pre/fix/{key}", f'"{name}"'))


@pytest.mark.parametrize("seed", [0, 3])
def test_random_steps_draw_from_the_key_in_the_bucket_and_the_etag(opened, seed):
    reader = opened(seed=seed)
    assert reader.draws
    batch = reader.get_batch(NAMES)
    for row, key in zip(batch, NAMES, strict=True):
        np.testing.assert_array_equal(row, drawn(reader, key, seed=seed), strict=True)
        np.testing.assert_array_equal(reader.get(key), row, strict=True)
    assert not np.array_equal(reader.with_seed(7).get_batch(NAMES), batch)
    again = pickle.loads(pickle.dumps(reader))
    assert again == reader
    np.testing.assert_array_equal(again.get_batch(NAMES), batch)


def test_rows_of_an_array_are_filled_in_place(opened):
    keys = ["a.jpg", "cut.jpg", "b c.jpg", "a.jpg", "none.jpg"]
    for spec in (CROPS, "random_resized_crop:16/png"):  # the second is decoded from its bytes
        reader = opened(spec, seed=2)
        first = reader.get("a.jpg")
        out = np.zeros((len(keys), *first.shape), first.dtype)
        apart = reader.read_into(keys, out)
        assert {position: error.code for position, error in apart.items()} == {
            1: "CorruptObject",
            4: "NoSuchKey",
        }
        for position in (0, 2, 3):
            np.testing.assert_array_equal(out[position], reader.get(keys[position]))
    assert opened().row_layout == ((3, 16, 16), "uint8")
    assert opened("npy").row_layout is None
    for other in (None, np.zeros((2, 3, 8, 8), np.uint8)):
        apart = opened().read_into(["a.jpg", "b c.jpg"], other)
        np.testing.assert_array_equal(apart[0], opened().get("a.jpg"), strict=True)
        np.testing.assert_array_equal(apart[1], opened().get("b c.jpg"), strict=True)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_each_key_has_its_array_or_the_error_of_a_folder(opened, tmp_path, threads):
    (tmp_path / "cut.jpg").write_bytes(photo("rocket")[:20_000])
    (tmp_path / "empty.jpg").touch()
    folder = open_reader(f"file:{tmp_path}", pipeline=CROPS)
    keys = [*NAMES, *BAD, "a.jpg", "\udc80", ""]
    read = opened(threads=threads).get_each(keys)
    assert list(read) == list(dict.fromkeys(keys))
    for key, code in BAD.items():
        error = read[key]
        assert isinstance(error, BadObject)
        assert (error.key, error.code, folder.get_each([key])[key].code) == (key, code, code)
    for key in ("cut.jpg", "empty.jpg"):
        assert str(read[key]) == str(folder.get_each([key])[key])
    assert isinstance(read["\udc80"], Refused)
    assert isinstance(read[""], Refused)
    reader = opened()
    for key in NAMES:
        np.testing.assert_array_equal(read[key], drawn(reader, key))
    with pytest.raises(BadObject, match=r"cut\.jpg"):
        reader.get_batch(["a.jpg", "cut.jpg", "none.jpg"])


@pytest.mark.parametrize(
    "fault", [DOWN, Fault(429), Fault(500), Fault(keeps=1000)], ids=["503", "429", "500", "cut off"]
)
def test_faults_that_pass_are_retried_as_everywhere(opened, store, waits, fault):
    reader = opened()
    store.faults = [fault] * (TRIES - 1)
    np.testing.assert_array_equal(reader.get("a.jpg"), drawn(reader, "a.jpg"))
    assert (waits(), len(store.requests)) == (TRIES - 1, TRIES)
    store.faults = [fault] * 3
    np.testing.assert_array_equal(reader.get_batch(NAMES)[0], drawn(reader, "a.jpg"))
    store.faults, store.requests[:] = [fault] * 99, []
    with pytest.raises(Unavailable) as caught:
        reader.get("a.jpg")
    assert caught.value.key == "a.jpg"
    assert len(store.requests) == TRIES


def test_a_refusal_is_reported_at_once_with_the_stores_code(store, waits):
    reader = open_reader("s3://bucket/pre/fix", endpoint_url=store.url, pipeline=CROPS)
    for code in ("AccessDenied", "SignatureDoesNotMatch", "NoSuchBucket"):
        store.faults = [Fault(403, f"<Error><Code>{code}</Code></Error>".encode())]
        with pytest.raises(Refused) as caught:
            reader.get("a.jpg")
        assert (caught.value.code, caught.value.key) == (code, "a.jpg")
        assert "s3://bucket" in str(caught.value)
    assert waits() == 0


@pytest.mark.parametrize("code", sorted(STALE))
def test_stale_credentials_are_looked_up_again(store, monkeypatch, code):
    reader = open_reader("s3://bucket/pre/fix", endpoint_url=store.url, pipeline=CROPS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "OLD")
    monkeypatch.setattr(
        "jitprep.reader.transport.retry.time.sleep",
        lambda _: monkeypatch.setenv("AWS_SESSION_TOKEN", "NEW"),
    )
    store.faults = [Fault(403, f"<Error><Code>{code}</Code></Error>".encode())]
    reader.get("a.jpg")
    tokens = [headers["x-amz-security-token"] for _, _, headers in store.requests]
    assert tokens == ["OLD", "NEW"]


def test_a_content_encoding_is_undone(opened, store):
    coded = page(gzip.compress(photo("rocket")), "rocket", {"Content-Encoding": "gzip"})
    store.pages["/bucket/pre/fix/a.jpg"] = coded
    np.testing.assert_array_equal(opened().get("a.jpg"), drawn(opened(), "a.jpg"))
    assert opened().original("a.jpg") == photo("rocket")
    cut = page(coded.body[:9999], "rocket", {"Content-Encoding": "gzip"})
    store.pages["/bucket/pre/fix/a.jpg"] = cut
    with pytest.raises(BadObject) as caught:
        opened().get("a.jpg")
    assert (caught.value.code, caught.value.key) == ("CorruptObject", "a.jpg")


def test_a_large_object_is_refused_before_it_is_fetched(opened, monkeypatch):
    monkeypatch.setenv("JITPREP_MAX_BYTES", "1000")
    config.cache_clear()
    with pytest.raises(BadObject, match="JITPREP_MAX_BYTES") as caught:
        opened().get("a.jpg")
    assert caught.value.code == "ObjectTooLarge"


def test_originals_wait_for_room_and_give_it_back(opened, monkeypatch):
    """Each has about 100 KB, and there is room for one of them at a time."""
    budget = Budget(120_000)
    monkeypatch.setattr(fetched, "original_room", lambda: budget)
    keys = [key for key, name in NAMES.items() if len(photo(name)) < 120_000]
    assert len(keys) > 2
    for _ in range(3):
        read = opened().get_each([*keys, *BAD])
        assert not [key for key in keys if isinstance(read[key], ReadError)]
        opened().get(keys[0])
    assert budget._left == 120_000


def test_one_thread_transforms_while_others_fetch(opened, store, monkeypatch):
    lock, transform = threading.Lock(), door.transform

    def alone(*given: Any) -> Any:
        assert lock.acquire(blocking=False)
        try:
            late = time.monotonic() + 20
            while len(store.requests) < 3 * len(NAMES):  # all are asked for meanwhile
                assert time.monotonic() < late
                time.sleep(0.001)
            return transform(*given)
        finally:
            lock.release()

    monkeypatch.setattr(door, "transform", alone)
    results: list[np.ndarray] = []
    callers = [
        threading.Thread(target=lambda: results.append(opened().get_batch(NAMES))) for _ in range(3)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(results) == 3
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("faults", [0, 2, 9])
def test_of_a_video_only_parts_are_fetched(opened, store, faults):
    """Faults within its turn are retried too."""
    body, spec = clip(), "sample_frames:2/resize:16,16/npy"
    store.pages["/bucket/pre/fix/clip.mp4"] = page(body, "clip")
    expected = Pipeline.parse(spec)(body)
    for read in (
        lambda reader: reader.get("clip.mp4"),
        lambda reader: reader.get_batch(["clip.mp4"] * 2)[1],
    ):
        store.faults = [DOWN] * faults
        np.testing.assert_array_equal(read(opened(spec)), expected, strict=True)
    assert all("range" in headers for _, _, headers in store.requests)


def test_keys_that_obstore_cannot_name_are_read_from_s3_only(opened, store):
    key = "d//../e.jpg"
    store.pages[f"/bucket/pre/fix/{key}"] = page(photo("rocket"), "rocket")
    reader = opened("resize:8,8/npy")
    if "scheme='s3'" in repr(reader):
        expected = Pipeline.parse("resize:8,8/npy")(photo("rocket"))
        np.testing.assert_array_equal(reader.get(key), expected)
    else:
        with pytest.raises(Refused, match=r"cannot be read from (http|gs|az)://"):
            reader.get(key)
