"""The function with a store in S3: through each door, what is read is what it is without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import urllib3

from jitprep.reader import open_reader
from jitprep.service.results.copy_format import parse_copy, write_head
from preprocessing import Encoded, Pipeline, Seed

from ...paths import ROOT
from ..support.http_client import asker

KEYS = ("rocket.jpg", "coffee.jpg")
SPECS = ("resize:16,16/npy", "resize:24/random_crop:16/npy", "grayscale/resize:16/png")
PREFIX = "kept/"


@pytest.fixture(scope="module")
def stored(object_lambda_endpoint: Callable[..., Any], photos: Mapping[str, bytes]) -> Any:
    """An endpoint whose function keeps copies in a bucket."""
    started = object_lambda_endpoint(
        task_root=ROOT,
        workers=1,
        worker_env={
            "JITPREP_BUCKETS": "photos",
            "JITPREP_STORE": f"s3://copies/{PREFIX}",
            "JITPREP_REQUEST_OVERRIDES": "seed",
        },
    )
    client = started.client("s3")
    for bucket in ("photos", "copies"):
        client.create_bucket(Bucket=bucket)
    for key in KEYS:
        client.put_object(Bucket="photos", Key=key, Body=photos[key])
    return started


def copies_of(stored: Any) -> list[str]:
    listed = stored.client("s3").list_objects_v2(Bucket="copies").get("Contents", ())
    return [entry["Key"] for entry in listed]


@pytest.mark.parametrize("spec", SPECS)
def test_reads_through_an_access_point_are_the_same(stored, photos, spec):
    s3, before = stored.client("s3"), set(copies_of(stored))
    name = f"stored-{SPECS.index(spec)}"
    alias = stored.create_access_point(
        name, "photos", payload=json.dumps({"spec": spec}), features=["GetObject-Range"]
    )
    for _ in ("cold", "warm"):
        for key in KEYS:
            found = s3.get_object(Bucket=alias, Key=key)
            etag = found["Metadata"]["jitprep-source-etag"]
            made = Pipeline.parse(spec).encode(photos[key], seed=Seed(0, key, etag))
            assert found["Body"].read() == made.body
            assert found["ContentType"] == made.content_type
            part = s3.get_object(Bucket=alias, Key=key, Range="bytes=3-20")["Body"].read()
            assert part == made.body[3:21]
        assert len(set(copies_of(stored)) - before) == len(KEYS)
    assert all(key.startswith(f"{PREFIX}jitprep-") for key in copies_of(stored))


def test_a_copy_is_what_a_later_read_returns_until_it_is_damaged(stored, photos):
    s3, ask = stored.client("s3"), asker(stored.function_url(), urllib3.PoolManager())
    before = set(copies_of(stored))
    wanted = ask("/photos/rocket.jpg").data
    (key,) = set(copies_of(stored)) - before
    name = key.removeprefix(PREFIX).replace("/", "")
    whole = s3.get_object(Bucket="copies", Key=key)["Body"].read()
    found = parse_copy(memoryview(whole), name, None)
    planted = Encoded(b"planted", found.content_type, dict(found.metadata))
    s3.put_object(Bucket="copies", Key=key, Body=write_head(name, planted) + planted.body)
    assert ask("/photos/rocket.jpg").data == b"planted"
    s3.put_object(Bucket="copies", Key=key, Body=whole[:-1])
    assert ask("/photos/rocket.jpg").data == wanted
    assert s3.get_object(Bucket="copies", Key=key)["Body"].read() == whole
    s3.delete_object(Bucket="copies", Key=key)
    assert ask("/photos/rocket.jpg").data == wanted


@pytest.mark.parametrize("spec", SPECS[:2])
def test_batches_by_invoke_are_the_same(stored, photos, spec, monkeypatch):
    config = stored.endpoint.config
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", config.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", config.secret_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", config.region)
    reader = open_reader(
        f"lambda:{config.function_name}/photos", pipeline=spec, endpoint_url=stored.url, seed=5
    )
    etags = {key: stored.client("s3").head_object(Bucket="photos", Key=key)["ETag"] for key in KEYS}
    for _ in ("cold", "warm"):
        for key, row in zip(KEYS, reader.get_batch(KEYS), strict=True):
            made = Pipeline.parse(spec)(photos[key], seed=Seed(5, key, etags[key]))
            assert (row == made).all()
