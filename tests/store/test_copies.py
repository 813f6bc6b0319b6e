"""Copies in a real S3: the reader and a server's mount share them, and writers agree."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from jitprep.reader import Reader, open_reader
from jitprep.reader.transport import stores
from jitprep.service.results.copy_place import CopyPlace
from jitprep.service.results.copy_writer import copy_writer
from jitprep.service.results.read_through import read_through
from tests.jitprep.server.running import serving

from .conftest import KEYS, Store

SPECS = ("resize:16,16/npy", "resize:24/random_crop:16/npy", "resize:16/webp")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[pytest.MonkeyPatch]:
    """The store's credentials, and nothing else of this machine."""
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    stores.forget_stores()
    yield monkeypatch
    stores.forget_stores()


@pytest.fixture
def kept(make_bucket: Callable[[str], str]) -> str:
    """A bucket for copies."""
    return make_bucket("kept")


def reader_of(there: Store, bucket: str, spec: str, **options: Any) -> Reader:
    return open_reader(f"s3://{bucket}/", endpoint_url=there.url, pipeline=spec, **options)


def listed(s3: Any, bucket: str) -> dict[str, str]:
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return {entry["Key"]: entry["ETag"] for entry in found}


@pytest.mark.parametrize("spec", SPECS)
def test_reads_are_the_same_cold_and_warm(store, s3, bucket, kept, spec):
    off = reader_of(store, bucket, spec, seed=3).get_each(KEYS)
    for _ in ("cold", "warm"):
        got = reader_of(store, bucket, spec, seed=3, store=f"s3://{kept}/some/where").get_each(KEYS)
        copy_writer.finish(30)
        for key in KEYS:
            np.testing.assert_array_equal(got[key], off[key], strict=True)
        assert len(listed(s3, kept)) == len(KEYS)
    assert all(key.startswith("some/where/jitprep-") for key in listed(s3, kept))
    (key, *_) = listed(s3, kept)
    assert s3.head_object(Bucket=kept, Key=key)["Metadata"].keys() == {"jitprep-copy"}


def test_a_damaged_copy_is_replaced_and_a_changed_original_has_another(
    store, s3, make_bucket, bucket, kept
):
    photos = make_bucket("changing")
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in KEYS[:2]]
    s3.put_object(Bucket=photos, Key="a.jpg", Body=bodies[0])
    reader = reader_of(store, photos, SPECS[0], store=f"s3://{kept}")
    wanted = reader.get("a.jpg")
    copy_writer.finish(30)
    ((key, etag),) = listed(s3, kept).items()
    for harm in (b"", b"other bytes"):
        s3.put_object(Bucket=kept, Key=key, Body=harm)
        np.testing.assert_array_equal(reader.get("a.jpg"), wanted)
        copy_writer.finish(30)
        assert listed(s3, kept) == {key: etag}
    s3.put_object(Bucket=photos, Key="a.jpg", Body=bodies[1])
    np.testing.assert_array_equal(
        reader.get("a.jpg"), reader_of(store, photos, SPECS[0]).get("a.jpg")
    )
    copy_writer.finish(30)
    assert len(listed(s3, kept)) == 2


def test_writers_at_once_agree(store, s3, bucket, kept):
    readers = [reader_of(store, bucket, SPECS[0], store=f"s3://{kept}") for _ in range(4)]
    rows: list[Any] = [None] * len(readers)

    def read(number: int) -> None:
        rows[number] = readers[number].get_batch(KEYS)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(readers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    copy_writer.finish(30)
    for row in rows:
        np.testing.assert_array_equal(row, rows[0])
    assert len(listed(s3, kept)) == len(KEYS)


def test_a_server_and_a_reader_share_copies(store, s3, bucket, kept, tmp_path):
    reader = reader_of(store, bucket, SPECS[0], store=f"s3://{kept}")
    wanted = reader.get_batch(KEYS)
    copy_writer.finish(30)
    before = listed(s3, kept)
    path = tmp_path / "jitprep.toml"
    path.write_text(
        f'store = "s3://{kept}"\nworkers = 1\n[mounts.photos]\nsource = "s3://{bucket}"\n'
        f'pipeline = "{SPECS[0]}"\nanonymous = true\n'
    )
    with serving(tmp_path, "--config", path, **store.environment) as running:
        there = open_reader(f"{running.url}/photos")
        np.testing.assert_array_equal(there.get_batch(KEYS), wanted)
        assert running.metric("jitprep_store_total", outcome="hit") == len(KEYS)
    assert listed(s3, kept) == before


def test_a_bucket_that_is_not_there_costs_lines_of_the_log_only(store, bucket, caplog):
    reader = reader_of(store, bucket, SPECS[0], store="s3://no-such-bucket-anywhere")
    wanted = reader_of(store, bucket, SPECS[0]).get_batch(KEYS)
    for _ in range(3):
        np.testing.assert_array_equal(reader.get_batch(KEYS), wanted)
        copy_writer.finish(30)
    assert 1 <= len(caplog.messages) <= 2
    assert read_through(CopyPlace.parse("s3://no-such-bucket-anywhere", endpoint=store.url))
