"""A store is read through obstore as boto3 reads it, signatures, versions and refusals included."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.errors import RequestFailed
from jitprep.service.source.aws_credentials import StoreCredentials
from jitprep.service.source.opening import head_original, open_original, open_ranges
from jitprep.service.source.ranged_source import Ranges
from jitprep.service.source.stored_object import StoredObject, nameable
from jitprep.service.source.stores import SourceUrl, open_store

from .conftest import Store


def soon() -> Deadline:
    return Deadline(time.monotonic() + 60)


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.cache_clear()


def opened(store: Store, bucket: str, key: str, **changed: Any) -> StoredObject:
    url = SourceUrl.parse(f"s3://{bucket}")
    secret = changed.pop("secret_key", store.secret_key)

    def credentials() -> StoreCredentials:
        return StoreCredentials(
            store.access_key, secret, expires_at=datetime(2100, 1, 1, tzinfo=UTC)
        )

    there = open_store(url, endpoint=store.url, region="us-east-1", credentials=credentials)
    return StoredObject(there, key, url.path_of(key), url.place, **changed)


def test_every_key_that_obstore_can_name_is_read_as_it_is(store, bucket, s3, originals):
    read = [key for key in originals if nameable(key)]
    assert len(read) == len(originals) - 6
    for key in read:
        source = opened(store, bucket, key)
        head = s3.head_object(Bucket=bucket, Key=key)
        with open_original(source, soon()) as original:
            assert original.read(2**30) == originals[key]
        assert original.object_head == head_original(source, soon())
        assert original.object_head.etag == head["ETag"]
        metadata = {f"x-amz-meta-{name}": value for name, value in head["Metadata"].items()}
        assert metadata.items() <= dict(original.object_head.headers).items()


def test_ranges_and_versions(store, make_bucket, s3):
    bucket = make_bucket("versions")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    bodies = [np.random.default_rng(seed).bytes(3 * 2**20) for seed in (0, 1)]
    versions = [s3.put_object(Bucket=bucket, Key="a", Body=body)["VersionId"] for body in bodies]
    for body, version in zip(bodies, versions, strict=True):
        with open_ranges(opened(store, bucket, "a", version=version), soon()) as original:
            assert isinstance(original, Ranges)
            assert original.object_head.headers["x-amz-version-id"] == version
            assert original.read_at(2**21, 99) == body[2**21 : 2**21 + 99]
    with open_ranges(opened(store, bucket, "a"), soon()) as original:
        assert isinstance(original, Ranges)
        s3.put_object(Bucket=bucket, Key="a", Body=bodies[0])
        with pytest.raises(RequestFailed, match="replaced"):
            original.read_at(2**21, 99)


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        (
            {"secret_key": "wrong"},
            403,
            r"refused to be read \(SignatureDoesNotMatch\)",
        ),
        ({"key": "nothing"}, 404, "no such object"),
        ({"bucket": "not-there-at-all"}, 403, r"\(NoSuchBucket\)"),
    ],
)
def test_refusals_say_whose_they_are(store, bucket, changed, status, words):
    given = {"bucket": bucket, "key": "plain.jpg", **changed}
    with (
        pytest.raises(RequestFailed, match=words) as caught,
        open_original(opened(store, **given), soon()),
    ):
        pass
    assert caught.value.status == status
    assert store.access_key not in caught.value.message.split()
