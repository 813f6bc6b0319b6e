"""Who may read a Function URL, and how results over Lambda's limit are fetched."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from jitprep.service.lambda_limits import max_body_bytes
from preprocessing import Pipeline

from ..paths import ROOT
from .support.http_client import asker, code

pytestmark = pytest.mark.usefixtures("own_client")
DEFAULT = "resize:256/center_crop:224/npy"
LARGE = "resize:1300,1300/npy"
KEYS = ("rocket.jpg", "coffee.jpg", "retina.jpg")


def test_a_large_object_is_fetched_from_where_it_was_put(ask, over_http, photos):
    answer = ask("/photos/rocket.jpg", pipeline="large")
    expected = Pipeline.parse(LARGE).encode(photos["rocket.jpg"])
    assert (answer.status, answer.data) == (307, b"")
    place = urlsplit(answer.headers["location"])
    assert place.path.startswith("/spilled/over/")
    assert parse_qs(place.query)["X-Amz-Expires"] == ["900"]
    for _ in range(2):  # the URL works more than once
        fetched = urllib3.request("GET", answer.headers["location"])
        assert (fetched.status, fetched.data) == (200, expected.body)
        assert fetched.headers["content-type"] == expected.content_type
    part = urllib3.request("GET", answer.headers["location"], headers={"Range": "bytes=5-9"})
    assert (part.status, part.data) == (206, expected.body[5:10])
    etag = answer.headers["etag"]
    assert ask("/photos/rocket.jpg", "HEAD", pipeline="large").headers["etag"] == etag
    same = ask("/photos/rocket.jpg", "GET", {"If-None-Match": etag}, pipeline="large")
    assert same.status == 304
    most = {"Range": f"bytes=0-{max_body_bytes() - 1}"}
    fits = ask("/photos/rocket.jpg", "GET", most, pipeline="large")
    assert (fits.status, fits.data) == (206, expected.body[: max_body_bytes()])
    more = ask(
        "/photos/rocket.jpg", "GET", {"Range": f"bytes=0-{max_body_bytes()}"}, pipeline="large"
    )
    assert code(more) == (413, "ResponseTooLarge")


@pytest.mark.parametrize("header", ["Authorization", "X-Amz-Date"])
def test_the_signature_for_lambda_must_not_be_sent_to_s3(ask, header):
    """docs/doors/http.md has clients send a new request: S3 refuses headers of the first signature."""
    place = ask("/photos/rocket.jpg", pipeline="large").headers["location"]
    value = "AWS4-HMAC-SHA256 Credential=x" if header == "Authorization" else "20261125T000000Z"
    assert urllib3.request("GET", place, headers={header: value}).status in {400, 403}


def test_unsigned_requests_are_forbidden(over_http):
    answer = urllib3.request("GET", f"{over_http.function_url()}/photos/rocket.jpg")
    assert (answer.status, answer.json()) == (403, {"Message": "Forbidden"})


def test_without_settings_no_bucket_is_read_and_s3s_sdk_signs_for_another_service(local):
    """The shared endpoint, whose function has no settings."""
    ask = asker(local.function_url(), urllib3.PoolManager())
    assert code(ask("/photos/rocket.jpg")) == (403, "BucketNotAllowed")
    style = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, proxies={})
    s3 = boto3.Session("test", "test", region_name="us-east-1").client(
        "s3", endpoint_url=local.function_url(), config=style
    )
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="photos", Key="rocket.jpg")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.fixture(scope="module")
def open_to_all(object_lambda_endpoint, over_http_settings, photos):
    """Endpoint without signatures, and without a place for large responses."""
    settings = {name: value for name, value in over_http_settings.items() if "SPILL" not in name}
    started = object_lambda_endpoint(
        task_root=ROOT, workers=1, verify_signatures=False, worker_env=settings
    )
    s3 = started.client("s3")
    s3.create_bucket(Bucket="photos")
    for key in KEYS:
        s3.put_object(Bucket="photos", Key=key, Body=photos[key])
    return started


def test_without_a_folder_a_large_object_is_refused(open_to_all):
    url = f"{open_to_all.function_url()}/photos/rocket.jpg?pipeline=large"
    assert code(urllib3.request("GET", url)) == (413, "ResponseTooLarge")


def test_boto3_reads_unsigned(open_to_all, photos, tmp_path):
    style = Config(
        signature_version=UNSIGNED,
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        proxies={},
    )
    s3 = boto3.client(
        "s3", endpoint_url=open_to_all.function_url(), region_name="us-east-1", config=style
    )
    expected = Pipeline.parse(DEFAULT).encode(photos["rocket.jpg"])
    get = s3.get_object(Bucket="photos", Key="rocket.jpg")
    assert get["Body"].read() == expected.body
    assert get["Metadata"]["jitprep-pipeline"] == DEFAULT
    head = s3.head_object(Bucket="photos", Key="rocket.jpg")
    assert (head["ContentLength"], head["ETag"]) == (len(expected.body), get["ETag"])
    s3.download_file("photos", "rocket.jpg", str(tmp_path / "rocket.npy"))
    assert (tmp_path / "rocket.npy").read_bytes() == expected.body
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="photos", PaginationConfig={"PageSize": 2}
    )
    listed = {entry["Key"]: entry["Size"] for page in pages for entry in page["Contents"]}
    assert listed == dict.fromkeys(KEYS, len(expected.body))
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="photos", Key="none.jpg")
    assert caught.value.response["Error"]["Code"] == "NoSuchKey"
    for call in (s3.list_objects, s3.get_bucket_location):
        with pytest.raises(ClientError) as caught:
            call(Bucket="photos")
        assert caught.value.response["Error"]["Code"] == "NotImplemented"
