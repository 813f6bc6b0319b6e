"""HeadObject through an access point whose function answers it."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config


def returning(value):
    return f"return_json:{json.dumps(value)}"


def test_what_the_function_returns_is_what_the_client_gets(reader):
    headers = {
        "Content-Length": 123456789012,
        "Content-Type": "application/x-npy",
        "ETag": '"derived"',
        "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT",
        "Accept-Ranges": "bytes",
        "x-amz-mp-parts-count": 3,
        "x-amz-server-side-encryption-bucket-key-enabled": True,
        "x-amz-version-id": "v1",
        "x-amz-meta-pipeline": "resize:224",
    }
    answer = reader.head(returning({"statusCode": 200, "headers": headers}))
    assert answer["ContentLength"] == 123456789012
    assert answer["ContentType"] == "application/x-npy"
    assert answer["ETag"] == '"derived"'
    assert answer["LastModified"] == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    assert answer["PartsCount"] == 3
    assert answer["BucketKeyEnabled"] is True
    assert answer["VersionId"] == "v1"
    assert answer["Metadata"] == {"pipeline": "resize:224"}


def test_a_part_of_an_object_is_206(reader):
    value = {
        "statusCode": 206,
        "headers": {"Content-Length": 2, "Content-Range": "bytes 0-1/5", "Accept-Ranges": "bytes"},
    }
    alias = reader.alias(returning(value), actions=("HeadObject",), features=("HeadObject-Range",))
    answer = reader.s3.head_object(Bucket=alias, Key="greeting.txt", Range="bytes=0-1")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (answer["ContentRange"], answer["ContentLength"]) == ("bytes 0-1/5", 2)


def test_a_head_has_no_body_and_names_its_request(reader, local):
    """Read from the socket: a client library would hide a body."""
    s3 = local.client("s3", Config(signature_version="s3v4"))
    for payload in (
        returning({"statusCode": 200, "headers": {"Content-Length": 5}}),
        "raise_error:x",
    ):
        url = s3.generate_presigned_url(
            "head_object",
            Params={
                "Bucket": reader.alias(payload, actions=("HeadObject",)),
                "Key": "greeting.txt",
            },
        )
        connection = http.client.HTTPConnection(urlsplit(local.url).netloc)
        connection.request("HEAD", url.removeprefix(local.url), headers={"Connection": "close"})
        raw = connection.sock.makefile("rb").read()
        connection.close()
        head, _, body = raw.partition(b"\r\n\r\n")
        assert b"\r\nx-amz-request-id: " in head
        assert b"\r\nx-amz-id-2: " in head
        assert body == b""


@pytest.mark.parametrize("status", [304, 400, 403, 404, 405, 412, 416, 500, 503])
def test_an_error_is_its_status(reader, expect_error, status):
    error = {} if status == 304 else {"errorCode": "NoSuchKey", "errorMessage": "no such key"}
    with expect_error(str(status), status):
        reader.head(returning({"statusCode": status, **error}))


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (returning({"statusCode": 200, "errorCode": "NoSuchKey"}), 400),
        (returning([]), 400),
        ("raise_error:boom", 500),
        ("exit_process:bye", 500),
        ("sleep", 500),
    ],
)
def test_a_failure_of_the_function_is_its_status(reader, expect_error, payload, status):
    with expect_error(str(status), status):
        reader.head(payload)
    assert reader.head("upper")["ContentType"] == "TEXT/PLAIN", "the workers live on"


def test_the_event_has_one_context_with_one_field(reader):
    event = json.loads(reader.head("echo_event")["Metadata"]["event"])
    contexts = {name: value for name, value in event.items() if name.endswith("Context")}
    assert list(contexts) == ["headObjectContext"]
    assert list(contexts["headObjectContext"]) == ["inputS3Url"]
    assert event["userRequest"]["url"].endswith("/greeting.txt")


def test_the_presigned_url_is_for_head_of_that_version(reader):
    answer = reader.head(
        "echo_event",
        VersionId="v1",
        ExpectedBucketOwner="123456789012",
        RequestPayer="requester",
        ChecksumMode="ENABLED",
    )
    event = json.loads(answer["Metadata"]["event"])
    url = urlsplit(event["headObjectContext"]["inputS3Url"])
    query = parse_qs(url.query)
    assert url.path == "/texts/greeting.txt"
    assert query["versionId"] == ["v1"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-amz-expected-bucket-owner;x-amz-request-payer"]


def test_s3_answers_a_head_of_the_bucket(reader):
    alias = reader.alias("raise_error:not asked", actions=("HeadObject", "ListObjectsV2"))
    assert reader.s3.head_bucket(Bucket=alias)["ResponseMetadata"]["HTTPStatusCode"] == 200
