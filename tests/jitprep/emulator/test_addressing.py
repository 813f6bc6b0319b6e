"""Every address of a bucket or an access point."""

from __future__ import annotations

import urllib.request
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request

import boto3
import pytest
from botocore.config import Config
from starlette.responses import PlainTextResponse

ACCOUNT = "123456789012"
KEY = "greeting.txt"


@pytest.fixture(scope="module")
def virtual(local):
    """A client with virtual-hosted addresses, the default of SDKs."""
    return boto3.client(
        "s3",
        endpoint_url=f"http://localhost:{urlsplit(local.url).port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "virtual"}, proxies={"http": local.url}),
    )


@pytest.fixture(scope="module")
def points(local, reader):
    """The ARN and alias of an S3 and an Object Lambda access point of the same name."""
    control = local.client("s3control")
    plain = control.create_access_point(AccountId=ACCOUNT, Name="twin", Bucket="texts")
    alias = local.create_access_point("twin", "texts", payload="upper")
    arn = f"arn:aws:s3-object-lambda:us-east-1:{ACCOUNT}:accesspoint/twin"
    return {
        b"hello": (plain["AccessPointArn"], plain["Alias"]),
        b"HELLO": (arn, alias),
    }


def read(request):
    with urllib.request.urlopen(request) as response:
        return response.read()


def test_a_bucket_is_used_as_a_host_name(virtual):
    for bucket in ("virtual-one", f"virtual-{ACCOUNT}"):
        virtual.create_bucket(Bucket=bucket)
        virtual.put_object(Bucket=bucket, Key="a b/ü=1.txt", Body=b"text")
        assert virtual.head_object(Bucket=bucket, Key="a b/ü=1.txt")["ContentLength"] == 4
        assert virtual.get_object(Bucket=bucket, Key="a b/ü=1.txt")["Body"].read() == b"text"
        listed = virtual.list_objects_v2(Bucket=bucket, Prefix="a b/")["Contents"]
        assert [found["Key"] for found in listed] == ["a b/ü=1.txt"]
        virtual.delete_object(Bucket=bucket, Key="a b/ü=1.txt")
        virtual.delete_bucket(Bucket=bucket)


def test_an_alias_is_used_as_a_host_name(virtual, reader):
    alias = reader.alias("upper", actions=("GetObject", "HeadObject", "ListObjectsV2"))
    assert virtual.get_object(Bucket=alias, Key=KEY)["Body"].read() == b"HELLO"
    assert virtual.head_object(Bucket=alias, Key=KEY)["ContentType"] == "TEXT/PLAIN"
    keys = [found["Key"] for found in virtual.list_objects_v2(Bucket=alias)["Contents"]]
    assert KEY.upper() in keys


@pytest.mark.parametrize(
    "suffix",
    [
        "localhost:9000",
        "s3.localhost:9000",
        "s3.localhost.localstack.cloud:4566",
        "127.0.0.1.nip.io:9000",
        "s3.amazonaws.com",
        "s3.us-east-1.amazonaws.com",
        "s3.dualstack.us-east-1.amazonaws.com",
        "s3-us-west-2.amazonaws.com",
    ],
)
def test_a_bucket_may_precede_these_hosts(signed, reader, suffix):
    assert read(signed(f"/{KEY}", host=f"texts.{suffix}")) == b"hello"
    assert read(signed(f"/{KEY}", host=f"{reader.alias('upper')}.{suffix}")) == b"HELLO"


@pytest.mark.parametrize(
    "host",
    [
        "localhost:9000",
        "s3.localhost:9000",
        "[::1]:9000",
        "10.0.0.7:9000",
        "endpoint:9000",
        "box.example.com:9000",
        "host.docker.internal:9000",
        "s3.us-east-1.amazonaws.com",
        "s3-us-west-2.amazonaws.com",
    ],
)
def test_the_path_names_the_bucket_under_any_other_host(signed, reader, host):
    assert read(signed(f"/texts/{KEY}", host=host)) == b"hello"
    assert read(signed(f"/{reader.alias('upper')}/{KEY}", host=host)) == b"HELLO"


@pytest.mark.parametrize("text", [b"hello", b"HELLO"], ids=["s3", "object-lambda"])
@pytest.mark.parametrize("by", [0, 1], ids=["arn", "alias"])
def test_access_points_of_the_same_name_are_distinguished(reader, points, text, by):
    name = points[text][by]
    assert reader.s3.get_object(Bucket=name, Key=KEY)["Body"].read() == text
    assert reader.s3.head_object(Bucket=name, Key=KEY)["ContentLength"] == 5
    found = reader.s3.list_objects_v2(Bucket=name, Prefix=KEY)["Contents"]
    assert [one["Key"] for one in found] == [KEY]


@pytest.mark.parametrize(
    ("service", "host", "text"),
    [
        ("s3", "s3-accesspoint", b"hello"),
        ("s3-object-lambda", "s3-object-lambda", b"HELLO"),
    ],
)
@pytest.mark.usefixtures("points")
def test_the_host_names_of_aws_lead_to_access_points(signed, service, host, text):
    name = f"twin-{ACCOUNT}.{host}.us-east-1.amazonaws.com"
    assert read(signed(f"/{KEY}", host=name, service=service)) == text


def test_an_s3_alias_is_used_as_a_host_name(virtual, points):
    assert virtual.get_object(Bucket=points[b"hello"][1], Key=KEY)["Body"].read() == b"hello"


def test_what_is_written_through_an_s3_access_point_is_in_the_bucket(reader, points):
    reader.s3.put_object(Bucket=points[b"hello"][0], Key="through", Body=b"text")
    assert reader.s3.get_object(Bucket="texts", Key="through")["Body"].read() == b"text"


@pytest.mark.parametrize("name", [f"nobody-{ACCOUNT}", "nobody-s3alias"])
def test_an_unknown_access_point_is_a_missing_bucket(virtual, expect_error, name):
    with expect_error("NoSuchBucket", 404):
        virtual.list_objects_v2(Bucket=name)


def test_another_application_answers_below_its_path_and_unsigned(object_lambda_endpoint):
    """A bucket may have keys like its paths, and is then named by the host."""
    url = object_lambda_endpoint(workers=1, mounted={"/_page": PlainTextResponse("a page")}).url
    for path in ("/_page", "/_page/", "/_page/deep/er?question=1"):
        assert read(f"{url}{path}") == b"a page"
    elsewhere = Request(f"{url}/_page/key", headers={"Host": "bucket.localhost"})
    for request in (f"{url}/_pages/key", f"{url}//_page/", elsewhere):
        with pytest.raises(HTTPError) as refused:
            read(request)
        refused.value.close()
        assert refused.value.code in {400, 403}
