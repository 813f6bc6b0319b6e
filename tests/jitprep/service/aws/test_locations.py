"""Hosts are those that AWS's SDK finds, in every partition."""

from __future__ import annotations

from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from jitprep.service.aws.locations import bucket_url, object_lambda_host

REGIONS = (
    *("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"),
    *("us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "xx-new-9"),
)
BUCKETS = ("photos", "company-photos.raw", "points-abcdefghijklmnopqrstuvwxyz0-s3alias")


def sdk(region, *, fips=False, dual=False):
    client = boto3.client(
        "s3",
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            signature_version="s3v4",
            use_fips_endpoint=fips,
            use_dualstack_endpoint=dual,
            s3={"us_east_1_regional_endpoint": "regional"},
        ),
    )
    client.meta.events.register("before-send.s3", stop)
    return client


def stop(request, **_):
    raise Stop(request.url)


def asked(operation, **parameters):
    """Return the URL that an operation asks for."""
    with pytest.raises(Stop) as stopped:
        operation(**parameters)
    return str(stopped.value)


class Stop(Exception):
    """Ends a call of the SDK before anything is sent."""


@pytest.mark.parametrize("region", REGIONS)
def test_they_are_the_sdks(region):
    client = sdk(region)
    sent = asked(client.write_get_object_response, RequestRoute="io-cell001", RequestToken="t")
    assert urlsplit(sent).netloc == object_lambda_host("io-cell001", region)
    assert_same_buckets(client, region)


@pytest.mark.parametrize(("fips", "dual"), [(True, False), (False, True), (True, True)])
def test_they_are_the_sdks_with_fips_and_dualstack(fips, dual, monkeypatch):
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", str(fips).lower())
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", str(dual))
    assert_same_buckets(sdk("us-west-2", fips=fips, dual=dual), "us-west-2")
    route = "a.s3-object-lambda-fips" if fips else "a.s3-object-lambda"
    assert object_lambda_host("a", "us-west-2") == f"{route}.us-west-2.amazonaws.com"


def assert_same_buckets(client, region):
    for bucket in BUCKETS:
        sent = asked(client.get_object, Bucket=bucket, Key="key")
        assert f"{bucket_url(bucket, region, None)}key" == sent


def test_an_endpoint_is_asked_by_path():
    assert bucket_url("a", "us-east-1", "http://127.0.0.1:9000") == "http://127.0.0.1:9000/a/"
    assert bucket_url("a", "us-east-1", "http://store/base/") == "http://store/base/a/"
