"""A bucket, its access point, and an Object Lambda access point without a function: equal responses.

This is what a suite of a peer's, run on the three, was to show.
"""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

KEY = "same/a b+ü%/..x"
OTHER = "same/b"
PAST, FUTURE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
OVERRIDDEN = {"ResponseContentType": "text/x", "ResponseCacheControl": "no-store"}
CALLS = [
    ("get_object", {}),
    ("get_object", {"Range": "bytes=1-2"}),
    ("get_object", {"Range": "bytes=-2"}),
    ("get_object", {"Range": "bytes=99-"}),
    ("get_object", {"Range": "nonsense"}),
    ("get_object", {"PartNumber": 1}),
    ("get_object", {"PartNumber": 2}),
    ("get_object", {"IfMatch": '"x"'}),
    ("get_object", {"IfNoneMatch": "*"}),
    ("get_object", {"IfModifiedSince": FUTURE}),
    ("get_object", {"IfUnmodifiedSince": PAST}),
    ("get_object", {"VersionId": "none"}),
    ("get_object", {"Key": "missing"}),
    ("get_object", OVERRIDDEN),
    ("get_object", {"ChecksumMode": "ENABLED"}),
    ("get_object", {"ExpectedBucketOwner": "9" * 12}),
    ("head_object", {}),
    ("head_object", {"Range": "bytes=1-2"}),
    ("head_object", {"PartNumber": 1}),
    ("head_object", {"IfNoneMatch": "*"}),
    ("head_object", {"Key": "missing"}),
    ("head_object", OVERRIDDEN),
    ("get_object_attributes", {"ObjectAttributes": ["ETag", "ObjectSize", "ObjectParts"]}),
    ("get_object_tagging", {}),
    ("get_object_tagging", {"Key": "missing"}),
    ("get_object_acl", {}),
    ("get_object_retention", {}),
    ("get_object_torrent", {}),
    ("list_parts", {"UploadId": "none"}),
]
OF_BUCKETS = [
    ("list_objects", {"Prefix": "same/"}),
    ("list_objects", {"Prefix": "same/", "Delimiter": "/", "MaxKeys": 1}),
    ("list_objects", {"Prefix": "same/", "Marker": KEY}),
    ("list_objects_v2", {"Prefix": "same/"}),
    ("list_objects_v2", {"Prefix": "same", "Delimiter": "/", "FetchOwner": True}),
    ("list_objects_v2", {"Prefix": "same/", "StartAfter": KEY, "MaxKeys": 9999}),
    ("list_objects_v2", {"ContinuationToken": "nonsense"}),
    ("list_object_versions", {"Prefix": "same/"}),
    ("list_multipart_uploads", {"Prefix": "same/"}),
    ("head_bucket", {}),
    ("get_bucket_location", {}),
    ("get_bucket_versioning", {}),
    ("get_bucket_request_payment", {}),
]
# Headers of the message, not of the object.
_OF_MESSAGE = {"date", "server", "connection", "x-amz-request-id", "x-amz-id-2", "host-id"}


def outcome(client, call, **parameters):
    """Everything in a response that a client can compare."""
    try:
        answer = getattr(client, call)(**parameters)
        error = None
    except ClientError as caught:
        answer = caught.response
        error = answer.pop("Error")
        error = {name: error.get(name) for name in ("Code", "Message")}
    about = answer.pop("ResponseMetadata")
    headers = {n: v for n, v in about["HTTPHeaders"].items() if n not in _OF_MESSAGE}
    if error is not None:
        headers.pop("content-length", None)  # the document contains the request ID
    body = answer.pop("Body", None)
    return about["HTTPStatusCode"], error, headers, body and body.read(), answer


@pytest.fixture(scope="module")
def names(reader, local):
    """The bucket, the alias of its access point, and an Object Lambda one for each other action."""
    reader.s3.put_object(Bucket="texts", Key=KEY, Body=b"0123456789", ContentType="text/plain")
    reader.s3.put_object(Bucket="texts", Key=OTHER, Body=b"", Tagging="a=b")
    control = local.client("s3control")
    control.create_access_point(AccountId="123456789012", Name="same", Bucket="texts")
    found = control.list_access_points(AccountId="123456789012", Bucket="texts")
    (alias,) = (one["Alias"] for one in found["AccessPointList"] if one["Name"] == "same")
    return {
        "object": ["texts", alias, reader.alias("raise_error:x", actions=("ListObjects",))],
        "bucket": ["texts", alias, reader.alias("raise_error:x", actions=("GetObject",))],
    }


@pytest.mark.parametrize(("call", "parameters"), CALLS)
def test_an_object_has_one_answer(local, names, call, parameters):
    client = local.client("s3")
    asked = {"Key": KEY, **parameters}
    first, *others = (outcome(client, call, Bucket=name, **asked) for name in names["object"])
    assert others == [first, first]


@pytest.mark.parametrize(("call", "parameters"), OF_BUCKETS)
def test_a_bucket_has_one_answer(local, names, call, parameters):
    client = local.client("s3")
    asked = names["bucket"]
    first, *others = (outcome(client, call, Bucket=name, **parameters) for name in asked)
    assert others == [first, first]


@pytest.mark.parametrize("key", ["dots/d/../e.txt", "./dots/e.txt", "dots/./e.txt", "dots//e.txt"])
def test_keys_with_dots_are_read_as_they_were_signed(reader, signed, key):
    """Clients that resolve dots before they sign request another key; these do not."""

    def ask(name, method="GET", body=None):
        with urllib.request.urlopen(signed(f"/{name}/{key}", method=method, body=body)) as answer:
            return answer.read()

    reader.s3.put_object(Bucket="texts", Key="dots/e.txt", Body=b"another")
    ask("texts", "PUT", key.encode())
    for name in ("texts", reader.alias("raise_error:x", actions=("ListObjects",))):
        assert ask(name) == key.encode()
    assert ask(reader.alias("upper")) == key.upper().encode()
    listed = reader.s3.list_objects_v2(Bucket="texts", Prefix="")["Contents"]
    assert key in [one["Key"] for one in listed]


@pytest.mark.parametrize("operation", ["copy", "part"])
def test_a_copy_names_its_source_by_any_name(local, names, reader, operation):
    arn = "arn:aws:s3:us-east-1:123456789012:accesspoint/same"
    to = {"Bucket": names["bucket"][1], "Key": f"copied-{operation}"}
    for name in (*names["bucket"][:2], arn):
        source = {"CopySource": {"Bucket": name, "Key": KEY}}
        if operation == "copy":
            done = reader.s3.copy_object(**to, **source)["CopyObjectResult"]
        else:
            upload = reader.s3.create_multipart_upload(**to)["UploadId"]
            part = {"UploadId": upload, "PartNumber": 1}
            done = reader.s3.upload_part_copy(**to, **part, **source)["CopyPartResult"]
            reader.s3.abort_multipart_upload(**to, UploadId=upload)
        assert done["ETag"] == reader.s3.head_object(Bucket="texts", Key=KEY)["ETag"]


@pytest.mark.parametrize(
    ("source", "code", "status"),
    [
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/none/object/k", "NoSuchAccessPoint", 404),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/same", "InvalidArgument", 400),
        ("arn:aws:s3:::texts/greeting.txt", "InvalidArgument", 400),
        ("none-s3alias/k", "NoSuchAccessPoint", 404),
        ("none--ol-s3/k", "NotImplemented", 501),
        (
            "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/x/object/k",
            "NotImplemented",
            501,
        ),
    ],
)
def test_an_invalid_source_is_rejected(reader, names, expect_error, source, code, status):
    with expect_error(code, status):
        reader.s3.copy_object(Bucket="texts", Key="copied", CopySource=source)
