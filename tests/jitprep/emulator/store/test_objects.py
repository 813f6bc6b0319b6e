"""Buckets and objects: owners, metadata, names, and what the S3 inside does not support."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import urlopen
from xml.etree import ElementTree as ET

import pytest

from ..buckets import new_bucket


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "?metrics"),
        ("GET", "?analytics"),
        ("GET", "?requestPayment"),
        ("PUT", "?requestPayment"),
        ("DELETE", "?metrics&id=x"),
        ("DELETE", "?analytics&id=x"),
        ("GET", "/k?torrent"),
        ("GET", "/k?retention"),
        ("PUT", "/k?encryption"),
        ("PUT", "/k?renameObject"),
        ("DELETE", "/k?acl"),
    ],
)
def test_an_unsupported_subresource_is_rejected_and_changes_nothing(
    s3, bucket, signed, method, path
):
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    body = b"<x/>" if method == "PUT" else None
    request = signed(f"/{bucket}{path}", method=method, body=body)
    with pytest.raises(HTTPError) as caught:
        urlopen(request)
    with caught.value as answer:
        assert ET.fromstring(answer.read()).findtext("Code") == "NotImplemented"
    assert caught.value.code == 501
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"


def test_a_bucket_of_another_account_is_denied(s3, reader, bucket, expect_error):
    other = {"ExpectedBucketOwner": "999999999999"}
    with expect_error("AccessDenied", 403):
        s3.get_object(Bucket="texts", Key="greeting.txt", **other)
    with expect_error("AccessDenied", 403):
        s3.put_object(Bucket="texts", Key="new", Body=b"", **other)
    with expect_error("AccessDenied", 403):
        copy = {"CopySource": "texts/greeting.txt", "ExpectedSourceBucketOwner": "9" * 12}
        s3.copy_object(Bucket=bucket, Key="k", **copy)
    owner = {"ExpectedBucketOwner": "123456789012"}
    assert s3.get_object(Bucket="texts", Key="greeting.txt", **owner)["ContentLength"] == 5


def test_writers_and_readers_at_once_lose_nothing(local):
    s3 = local.client("s3")
    versioned = new_bucket(s3, "Enabled")
    plain = new_bucket(s3)
    body = b"x" * 300_000
    s3.put_object(Bucket=plain, Key="k", Body=body)

    def work(_):
        s3.put_object(Bucket=versioned, Key="k", Body=body)
        s3.put_object(Bucket=plain, Key="k", Body=body)
        return s3.get_object(Bucket=plain, Key="k")["Body"].read() == body

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(60)))
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 60


def test_two_kilobytes_of_metadata_may_be_many_headers(s3, bucket, monkeypatch):
    monkeypatch.setattr("http.client._MAXHEADERS", 2048)  # this client's default is 100
    metadata = {f"k{n}": "v" for n in range(400)}
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata


def test_metadata_is_two_kilobytes_at_most(s3, bucket, expect_error):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2047})
    with expect_error("MetadataTooLarge", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})


@pytest.mark.parametrize(
    "name", ["UPPER", "a_b", "a..b", "1.2.3.4", "xn--a", "taken-s3alias", "taken--ol-s3", "-a"]
)
def test_a_bucket_has_a_name_that_s3_takes(signed, name):
    with pytest.raises(HTTPError) as caught:
        urlopen(signed(f"/{name}/" if name.endswith("3") else f"/{name}", method="PUT"))
    caught.value.close()
    assert caught.value.code in {400, 404}


def test_an_access_point_is_made_once_and_deleted_once(local, bucket, expect_error):
    control, account = local.client("s3control"), {"AccountId": "123456789012"}
    control.create_access_point(**account, Name="once", Bucket=bucket)
    with expect_error("AccessPointAlreadyOwnedByYou", 409):
        control.create_access_point(**account, Name="once", Bucket=bucket)
    control.delete_access_point(**account, Name="once")
    with expect_error("NoSuchAccessPoint", 404):
        control.delete_access_point(**account, Name="once")
    with expect_error("AccessDenied", 403):
        control.list_access_points(AccountId="999999999999")
