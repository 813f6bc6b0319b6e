"""Requests that no function answers are forwarded to S3."""

from __future__ import annotations

import base64
import urllib.request
import zlib
from urllib.error import HTTPError
from xml.etree import ElementTree as ET

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@pytest.fixture(scope="module")
def alias(reader):
    every = ("GetObject", "HeadObject", "ListObjects", "ListObjectsV2")
    return reader.alias("raise_error:not asked", actions=every)


def test_an_object_is_written_and_deleted_through_the_access_point(reader, alias, expect_error):
    put = {"ContentType": "text/x", "Metadata": {"a": "b"}, "CacheControl": "max-age=1"}
    answer = reader.s3.put_object(Bucket=alias, Key="a b/ü", Body=b"written", **put)
    found = reader.s3.get_object(Bucket="texts", Key="a b/ü")
    assert (found["Body"].read(), found["ETag"]) == (b"written", answer["ETag"])
    assert put.items() <= found.items()
    reader.s3.delete_object(Bucket=alias, Key="a b/ü")
    with expect_error("404", 404):
        reader.s3.head_object(Bucket="texts", Key="a b/ü")


def test_a_multipart_upload_goes_through(reader, alias):
    of = {"Bucket": alias, "Key": "multi"}
    upload = reader.s3.create_multipart_upload(**of)["UploadId"]
    part = reader.s3.upload_part(**of, UploadId=upload, PartNumber=1, Body=b"part")
    assert reader.s3.list_parts(**of, UploadId=upload)["Parts"][0]["Size"] == 4
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    reader.s3.complete_multipart_upload(**of, UploadId=upload, MultipartUpload=parts)
    assert reader.s3.get_object(Bucket="texts", Key="multi")["Body"].read() == b"part"


def test_tags_and_many_deletions_go_through(reader, alias):
    reader.s3.put_object(Bucket=alias, Key="tagged", Body=b"")
    tags = [{"Key": "k", "Value": "v"}]
    reader.s3.put_object_tagging(Bucket=alias, Key="tagged", Tagging={"TagSet": tags})
    assert reader.s3.get_object_tagging(Bucket=alias, Key="tagged")["TagSet"] == tags
    deleted = reader.s3.delete_objects(Bucket=alias, Delete={"Objects": [{"Key": "tagged"}]})
    assert [one["Key"] for one in deleted["Deleted"]] == ["tagged"]


def test_a_chunked_body_is_forwarded_in_chunks(local, alias, reader):
    """Over HTTPS, SDKs send bodies in chunks, followed by a checksum."""
    headers = {
        "Content-Encoding": "aws-chunked",
        "Content-Type": "text/plain",  # urllib's default is that of a form
        "x-amz-decoded-content-length": "7",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    crc32 = base64.b64encode(zlib.crc32(b"written").to_bytes(4, "big"))
    body = b"7\r\nwritten\r\n0\r\nx-amz-checksum-crc32:" + crc32 + b"\r\n\r\n"
    request = AWSRequest("PUT", f"{local.url}/{alias}/chunked", headers=headers, data=body)
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    assert request.headers["X-Amz-Content-SHA256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    sent = urllib.request.Request(request.url, body, dict(request.headers.items()), method="PUT")
    urllib.request.urlopen(sent).close()
    assert reader.s3.get_object(Bucket="texts", Key="chunked")["Body"].read() == b"written"


def test_a_customers_key_is_refused_where_a_function_would_see_it(reader, expect_error):
    """S3 rejects the key so that no function can log it."""
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32}
    of = {"Key": "secret", **key}
    reader.s3.put_object(Bucket="texts", Body=b"secret", **of)
    every = reader.alias("upper", actions=("GetObject", "HeadObject"))
    with expect_error("InvalidRequest", 400) as message:
        reader.s3.get_object(Bucket=every, **of)
    assert "customer-provided keys" in message()
    with expect_error("400", 400):
        reader.s3.head_object(Bucket=every, **of)
    listing = reader.alias("upper", actions=("ListObjectsV2",))
    assert reader.s3.get_object(Bucket=listing, **of)["Body"].read() == b"secret"


def test_a_copy_to_the_access_point_goes_through(reader, alias):
    reader.s3.copy_object(Bucket=alias, Key="copy", CopySource="texts/greeting.txt")
    assert reader.s3.get_object(Bucket="texts", Key="copy")["Body"].read() == b"hello"


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("PUT", "", "BUCKET"),
        ("PUT", "?policy=", "BUCKET"),
        ("DELETE", "", "BUCKET"),
        ("POST", "", "BUCKET"),
        ("POST", "/k?select=&select-type=2", "OBJECT"),
        ("PATCH", "/k", "OBJECT"),
    ],
)
def test_what_access_points_do_not_take_is_refused(alias, signed, method, path, kind):
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(signed(f"/{alias}{path}", method=method))
    with caught.value as answer:
        root = ET.fromstring(answer.read())
    assert (caught.value.code, root.findtext("Code")) == (405, "MethodNotAllowed")
    assert (root.findtext("Method"), root.findtext("ResourceType")) == (method, kind)


def test_every_answer_names_its_request(reader, alias):
    answers = [
        reader.get("upper"),
        reader.head("upper"),
        reader.s3.get_object_tagging(Bucket=alias, Key="greeting.txt"),
        reader.s3.head_bucket(Bucket=alias),
    ]
    for answer in answers:
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amz-request-id"]
        assert headers["x-amz-id-2"]
