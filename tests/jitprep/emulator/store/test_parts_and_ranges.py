"""Parts and ranges of objects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..buckets import new_bucket
from .objects import FIVE, TEXT, status_of, upload


@pytest.fixture(scope="module")
def in_parts(local):
    s3 = local.client("s3")
    of = {"Bucket": new_bucket(s3), "Key": "k"}
    bodies = {1: b"1" * FIVE, 2: b"2" * FIVE, 3: b"3" * 10, 4: b"left out"}
    to, document = upload(s3, of, bodies)
    done = s3.complete_multipart_upload(**to, MultipartUpload={"Parts": document["Parts"][:3]})
    return {**of, "etag": done["ETag"]}


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_a_part_is_a_range_of_the_object(s3, in_parts, number, operation):
    of = {name: in_parts[name] for name in ("Bucket", "Key")}
    answer = getattr(s3, operation)(**of, PartNumber=number)
    start, size = (number - 1) * FIVE, 10 if number == 3 else FIVE
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == f"bytes {start}-{start + size - 1}/{2 * FIVE + 10}"
    assert (answer["ContentLength"], answer["PartsCount"]) == (size, 3)
    assert answer["ETag"] == in_parts["etag"]
    if operation == "get_object":
        assert answer["Body"].read() == str(number).encode() * size


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"PartNumber": 4}, 416, "InvalidPartNumber"),
        ({"PartNumber": 0}, 400, "InvalidArgument"),
        ({"PartNumber": 10_001}, 400, "InvalidArgument"),
        ({"PartNumber": 1, "Range": "bytes=0-1"}, 400, "InvalidRequest"),
    ],
)
def test_an_invalid_part_number_is_rejected(s3, in_parts, expect_error, asked, status, code):
    of = {name: in_parts[name] for name in ("Bucket", "Key")}
    with expect_error(code, status):
        s3.get_object(**of, **asked)
    with expect_error(str(status), status):
        s3.head_object(**of, **asked)


def test_the_attributes_count_the_parts(s3, in_parts, bucket):
    of = {name: in_parts[name] for name in ("Bucket", "Key")}
    asked = {"ObjectAttributes": ["ObjectParts", "ObjectSize", "ETag"]}
    found = s3.get_object_attributes(**of, **asked)
    assert found["ObjectParts"]["TotalPartsCount"] == 3
    assert (found["ObjectSize"], found["ETag"]) == (2 * FIVE + 10, in_parts["etag"].strip('"'))
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=of)  # not in parts, as its ETag shows
    assert "ObjectParts" not in s3.get_object_attributes(Bucket=bucket, Key="copy", **asked)
    assert s3.head_object(Bucket=bucket, Key="copy", PartNumber=1)["ContentLength"] == 2 * FIVE + 10


def test_parts_with_gaps_cannot_be_read_by_number(s3, bucket, expect_error):
    of = {"Bucket": bucket, "Key": "k"}
    to, document = upload(s3, of, {2: b"2" * FIVE, 5: b"5"})
    s3.complete_multipart_upload(**to, MultipartUpload=document)
    assert s3.get_object(**of)["Body"].read() == b"2" * FIVE + b"5"
    with expect_error("NotImplemented", 501):
        s3.get_object(**of, PartNumber=2)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(0, 13) | st.none(), st.integers(0, 13) | st.none())
def test_ranges_follow_rfc_9110(reader, size, first, last):
    s3, body = reader.s3, (TEXT * 2)[:size]
    of = {"Bucket": "texts", "Key": f"of-{size}"}
    s3.put_object(**of, Body=body)
    shown = ["" if number is None else number for number in (first, last)]
    text = f"bytes={shown[0]}-{shown[1]}"
    wanted = piece(body, first, last)
    if wanted == b"":
        assert status_of(s3.get_object, **of, Range=text) == 416
        assert status_of(s3.head_object, **of, Range=text) == 416
        return
    answer = s3.get_object(**of, Range=text)
    assert answer["Body"].read() == (body if wanted is None else wanted)
    partial = answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert partial == (wanted is not None)
    assert s3.head_object(**of, Range=text)["ContentLength"] == answer["ContentLength"]


def piece(body, first, last):
    """Return the bytes of a range; empty if it is not satisfiable, None if it is not valid."""
    if first is None:
        return None if last is None else body[max(0, len(body) - last) :]
    if last is not None and last < first:
        return None
    return body[first:] if last is None else body[first : last + 1]


@pytest.mark.parametrize("text", ["bytes", "items=0-1", "bytes=0-1,3-4", "bytes=x-y", "bytes=-"])
def test_an_invalid_range_is_the_whole_object(reader, text):
    assert (
        reader.s3.get_object(Bucket="texts", Key="greeting.txt", Range=text)["ContentLength"] == 5
    )
