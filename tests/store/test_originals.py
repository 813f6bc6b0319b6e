"""The reader on originals of a store: equal to the access point, the folder and the server's mount."""

# ruff: noqa: F811  # the fixtures of test_mounts are arguments here

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from jitprep.reader import BadObject, Reader, ReadError, Refused, Unavailable, open_reader
from jitprep.reader.transport import aws, retry, stores
from preprocessing.names import is_hidden

from .conftest import KEYS, SPEC, Store
from .mounts import FILES, HARD, SIGNED, UNLISTED, mounted
from .test_mounts import deep, files, flat, of_files, unlisted  # noqa: F401

FIXED = "resize:8,8/npy"
PREFIX = "pre/fix"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[pytest.MonkeyPatch]:
    """The store's credentials, and nothing else of this machine."""
    for name, value in store.environment.items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    stores.forget_stores()
    yield monkeypatch
    stores.forget_stores()


def originals_of(store: Store, address: str, spec: str = FIXED, **options: Any) -> Reader:
    return open_reader(f"s3://{address}", endpoint_url=store.url, pipeline=spec, **options)


@pytest.mark.parametrize("seed", [0, 5])
def test_they_are_those_of_the_access_point(up, store, bucket, alias, environment, seed):
    """Random steps draw the same from the key and the ETag, also below a prefix."""
    here = originals_of(store, bucket, SPEC, seed=seed)
    below = originals_of(store, f"{bucket}/folder", SPEC, seed=seed)
    aws.forget()
    point = open_reader(f"s3://{alias}", endpoint_url=up.local.url, seed=seed)
    rows = here.get_batch(KEYS)
    for key, row in zip(KEYS, rows, strict=True):
        np.testing.assert_array_equal(row, point.get(key), strict=True)
        np.testing.assert_array_equal(here.get(key), row, strict=True)
    key = "folder/a b+c.jpg"
    np.testing.assert_array_equal(below.get("a b+c.jpg"), point.get(key), strict=True)
    assert not np.array_equal(here.with_seed(9).get_batch(KEYS), rows)


def test_they_are_those_of_the_folder(store, of_files, files):
    for spec in (SPEC, "resize:16,16/safetensors", "resize:16/webp"):
        there = open_reader(f"file:{files}", pipeline=spec, seed=3)
        here = originals_of(store, of_files, spec, seed=3)
        assert list(here.keys()) == list(there.keys())
        for key in FILES:
            np.testing.assert_array_equal(here.get(key), there.get(key), strict=True)


def test_they_are_those_of_a_mount(store, deep, tmp_path):
    with mounted(tmp_path, store, {"deep": (f"s3://{deep}/{PREFIX}", SIGNED)}, SPEC) as server:
        there = open_reader(f"{server.url}/deep", seed=4)
        here = originals_of(store, f"{deep}/{PREFIX}", SPEC, seed=4)
        keys = list(here.keys())
        assert keys == list(there.keys())
        np.testing.assert_array_equal(here.get_batch(keys[:9]), there.get_batch(keys[:9]))


def test_every_key_is_read(store, flat, deep, unlisted):
    first = originals_of(store, flat).get(HARD[0])
    for address, keys in (
        (flat, HARD),
        (f"{deep}/{PREFIX}", HARD),
        (unlisted, UNLISTED),
        (f"{unlisted}/{PREFIX}", UNLISTED),
    ):
        for key, row in originals_of(store, address).get_each(keys).items():
            assert not isinstance(row, ReadError), (address, key, row)
            np.testing.assert_array_equal(row, first)


def test_keys_are_listed_in_s3s_order(store, flat, deep):
    for address in (flat, f"{deep}/{PREFIX}"):
        reader = originals_of(store, address)
        for prefix in ("", "a", "a/", "ü/", "e", "none", "folder/"):
            seen = [key for key in HARD if key.startswith(prefix) and not is_hidden(key, prefix)]
            assert list(reader.keys(prefix)) == sorted(seen, key=str.encode)


def test_more_keys_than_a_page_holds(store, s3, make_bucket):
    bucket = make_bucket("many")
    names = [f"many/{number:04}" for number in range(1005)]
    for name in names:
        s3.put_object(Bucket=bucket, Key=name, Body=b"x")
    s3.put_object(Bucket=bucket, Key="many/", Body=b"")
    s3.put_object(Bucket=bucket, Key="many/.DS_Store", Body=b"x")
    found = list(originals_of(store, f"{bucket}/many").keys())
    assert found == [name.removeprefix("many/") for name in names]
    for name in names:
        s3.delete_object(Bucket=bucket, Key=name)


def test_what_cannot_be_read_is_said(store, bucket, environment):
    reader = originals_of(store, bucket)
    for key in ("none.jpg", "d//none.jpg"):
        with pytest.raises(BadObject) as caught:
            reader.get(key)
        assert (caught.value.code, caught.value.key) == ("NoSuchKey", key)
    gone = originals_of(store, "no-such-bucket-here")
    for ask in (lambda: gone.get("a.jpg"), lambda: list(gone.keys())):
        with pytest.raises(Refused, match="NoSuchBucket"):
            ask()
    environment.setattr(retry, "TRIES", 2)
    environment.setattr(retry.time, "sleep", lambda _: None)
    for secret, kind, code in (
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, Refused, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "nobody-at-all"}, Unavailable, "InvalidAccessKeyId"),
    ):
        for name, value in secret.items():
            environment.setenv(name, value)
        stores.forget_stores()
        for ask in (lambda: reader.get(KEYS[0]), lambda: list(reader.keys())):
            with pytest.raises(kind) as caught:
                ask()
            assert caught.value.code == code
            assert "wrong" not in str(caught.value)


def test_an_object_that_is_replaced_is_another_original(store, s3, make_bucket, originals):
    bucket = make_bucket("replaced")
    reader = originals_of(store, bucket, SPEC)
    rows = []
    for body in (originals[KEYS[0]], originals[KEYS[0]] + b"\n"):
        s3.put_object(Bucket=bucket, Key="a.jpg", Body=body)
        rows.append(reader.get("a.jpg"))
    assert not np.array_equal(*rows)
