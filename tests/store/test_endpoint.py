"""``jitprep up --s3 URL`` in front of a real store: keys, conditions, ETags and signatures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from preprocessing import Pipeline, Seed
from tests.photos import photo

from .conftest import KEYS, SPEC

PART = 5 * 2**20


@pytest.fixture(scope="module")
def through(up) -> Any:
    """A client without a proxy: for a proxy, urllib3 removes the dots that botocore has signed."""
    return replace(up.store, url=up.local.url).client()


def refused(call, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    answer = raised.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_read_as_it_was_signed(through, alias, s3, bucket, originals, key):
    etag = s3.head_object(Bucket=bucket, Key=key)["ETag"]
    body = through.get_object(Bucket=alias, Key=key)["Body"].read()
    assert body == Pipeline.parse(SPEC).encode(originals[key], seed=Seed(0, key, etag)).body
    head = through.head_object(Bucket=alias, Key=key)
    assert head["ContentLength"] == len(body)


@pytest.mark.parametrize("key", KEYS)
def test_reads_of_the_bucket_are_forwarded(through, bucket, originals, key):
    assert through.get_object(Bucket=bucket, Key=key)["Body"].read() == originals[key]


def test_a_listing_has_every_key(through, alias, bucket):
    for name in (alias, bucket):
        listed = through.list_objects_v2(Bucket=name)["Contents"]
        assert sorted(entry["Key"] for entry in listed) == sorted(KEYS)


def test_user_metadata_is_returned(through, alias):
    metadata = through.get_object(Bucket=alias, Key=KEYS[0])["Metadata"]
    assert {"seed": "9", "label": "cat"}.items() <= metadata.items()


def test_conditions_and_ranges(through, alias):
    whole = through.get_object(Bucket=alias, Key=KEYS[0])
    body = whole["Body"].read()
    part = through.get_object(Bucket=alias, Key=KEYS[0], Range="bytes=100-299")
    assert (part["Body"].read(), part["ETag"]) == (body[100:300], whole["ETag"])
    get = through.get_object
    same = {"Bucket": alias, "Key": KEYS[0]}
    assert refused(get, **same, IfNoneMatch=whole["ETag"])[0] == 304
    assert refused(get, **same, IfMatch='"0"') == (412, "PreconditionFailed")
    assert get(**same, IfMatch=whole["ETag"])["Body"].read() == body


def test_a_replaced_photograph_in_parts_is_read_again(through, alias, s3, bucket, originals):
    key = "in parts.jpg"

    def put(body: bytes) -> str:
        """Upload a photograph in two parts, with padding after its end."""
        padded = body + bytes(PART + 1 - len(body))
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        about = {"Bucket": bucket, "Key": key, "UploadId": upload}
        parts = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part(**about, PartNumber=number, Body=piece)["ETag"],
            }
            for number, piece in enumerate((padded[:PART], padded[PART:]), 1)
        ]
        s3.complete_multipart_upload(**about, MultipartUpload={"Parts": parts})
        return str(s3.head_object(Bucket=bucket, Key=key)["ETag"])

    try:
        seen = set()
        for name in ("rocket", "coffee"):
            etag = put(photo(name))
            assert etag.endswith('-2"')
            answer = through.get_object(Bucket=alias, Key=key)
            made = Pipeline.parse(SPEC).encode(photo(name), seed=Seed(0, key, etag))
            assert answer["Body"].read() == made.body
            seen.add(answer["ETag"])
        assert len(seen) == 2
    finally:
        s3.delete_object(Bucket=bucket, Key=key)


def test_a_wrong_secret_is_refused_by_the_store_and_by_the_endpoint(store, up, bucket, alias):
    wrong = store.client(secret_key="not-it")
    assert refused(wrong.get_object, Bucket=bucket, Key=KEYS[0]) == (403, "SignatureDoesNotMatch")
    wrong = replace(store, url=up.local.url).client(secret_key="not-it")
    for name in (bucket, alias):
        found = refused(wrong.get_object, Bucket=name, Key=KEYS[0])
        assert found == (403, "SignatureDoesNotMatch")


def test_a_missing_key_is_not_found(through, alias):
    assert refused(through.get_object, Bucket=alias, Key="none.jpg") == (404, "NoSuchKey")
