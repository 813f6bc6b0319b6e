"""Host and path in, part out."""

from __future__ import annotations

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.access_points import AccessPoint, AccessPoints, Configuration, now
from emulator.routing import (
    ToAccessPoint,
    ToBucket,
    ToExchange,
    ToFunction,
    ToJobs,
    ToMissingAccessPoint,
    ToObjectLambdaControl,
    ToS3,
    ToS3Control,
    route,
    signed_service,
)

POINT = AccessPoint(
    "mine", "123456789012", "us-east-1", "bucket", Configuration("arn:x", ()), now()
)


@pytest.fixture
def points():
    points = AccessPoints()
    points.add(POINT)
    return points


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "box.example.com", ""])
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", ToS3()),
        ("GET", "/bucket/key", ToS3()),
        ("PUT", "/WriteGetObjectResponse", ToS3()),
        ("POST", "/WriteGetObjectResponse", ToExchange()),
        ("GET", f"/{POINT.alias}/a%20b%2Fc//d", ToAccessPoint(POINT, "a b/c//d")),
        ("GET", f"/{POINT.alias}", ToAccessPoint(POINT, "")),
        ("GET", f"/bucket/{POINT.alias}", ToS3()),
        ("GET", "/other--ol-s3/key", ToMissingAccessPoint("other--ol-s3")),
        ("GET", "/mine-123456789012/key", ToS3()),
        ("POST", "/2015-03-31/functions/f%3Alive/invocations", ToFunction("f:live")),
        ("PUT", "/v20180820/accesspointforobjectlambda/x", ToObjectLambdaControl()),
        ("PUT", "/v20180820/accesspoint/x", ToS3Control()),
        ("POST", "/v20180820/jobs", ToJobs()),
        ("GET", "/v20180820/jobs/an-id", ToJobs()),
    ],
)
def test_the_path_decides_under_any_plain_host(points, host, method, path, expected):
    assert route(method, host, path, "s3", points) == expected


@pytest.mark.parametrize("suffix", [".localhost:9000", ".127.0.0.1:9000", ".s3.amazonaws.com"])
@pytest.mark.parametrize("label", [POINT.alias, "mine-123456789012"])
def test_alias_and_arn_are_hosts_anywhere(points, label, suffix):
    expected = ToAccessPoint(POINT, "a/b")
    assert route("GET", label + suffix, "/a/b", "s3-object-lambda", points) == expected


@pytest.mark.parametrize(
    ("host", "service", "expected"),
    [
        ("mine-123456789012.localhost:9000", "s3", ToBucket("mine-123456789012", "a/b")),
        ("mine-123456789012.endpoint:9000", "s3", ToBucket("mine-123456789012", "a/b")),
        ("mine-123456789012.endpoint:9000", "", ToAccessPoint(POINT, "a/b")),
        (f"{POINT.alias}.endpoint:9000", "s3", ToAccessPoint(POINT, "a/b")),
        (POINT.host, "s3", ToAccessPoint(POINT, "a/b")),
        (POINT.host.upper(), "s3-object-lambda", ToAccessPoint(POINT, "a/b")),
        (
            "mine-123456789012.s3-accesspoint.us-east-1.amazonaws.com",
            "s3",
            ToBucket("mine-123456789012", "a/b"),
        ),
    ],
)
def test_what_is_signed_for_tells_access_points_of_one_name_apart(points, host, service, expected):
    assert route("GET", host, "/a/b", service, points) == expected


BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,40}[a-z0-9]", fullmatch=True).filter(
    lambda name: not re.search(r"(^|\.)s3[.-]|\.\.|\d\.\d", name)
)


@given(BUCKETS, st.sampled_from(["localhost:9000", "s3.localhost", "s3.eu-west-1.amazonaws.com"]))
def test_any_bucket_may_stand_before_the_host(bucket, suffix):
    found = route("PUT", f"{bucket}.{suffix}", "/a%20b//c", "s3", AccessPoints())
    assert found == ToBucket(bucket, "a b//c")


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["s3", "s3-object-lambda", ""]))
def test_any_host_and_path_lead_somewhere(host, path, service):
    route("GET", host, f"/{path}", service, AccessPoints())


def test_the_route_and_the_account_may_stand_before_the_host(points):
    at = "io-local-cell001.127.0.0.1:9000"
    assert route("POST", at, "/WriteGetObjectResponse", "s3-object-lambda", points) == ToExchange()
    at = "123456789012.127.0.0.1:9000"
    path = "/v20180820/accesspointforobjectlambda"
    assert route("GET", at, path, "s3", points) == ToObjectLambdaControl()


def test_an_unknown_arn_is_missing_and_no_bucket(points):
    host = "other-123456789012.localhost:9000"
    found = route("GET", host, "/key", "s3-object-lambda", points)
    assert found == ToMissingAccessPoint("other-123456789012")


@pytest.mark.parametrize(
    ("authorization", "credential", "service"),
    [
        ("AWS4-HMAC-SHA256 Credential=k/20260101/r/s3/aws4_request, SignedHeaders=h", "", "s3"),
        ("", "k/20260101/r/s3-object-lambda/aws4_request", "s3-object-lambda"),
        ("AWS key:signature", "", ""),
        ("", "", ""),
    ],
)
def test_the_service_is_read_from_the_signature(authorization, credential, service):
    assert signed_service(authorization, credential) == service


def test_every_object_lambda_call_of_s3_control_is_kept_from_moto(points):
    model = botocore.session.get_session().get_service_model("s3control")
    for name in model.operation_names:
        if "ObjectLambda" in name:
            path = model.operation_model(name).http["requestUri"].replace("{name}", "x")
            assert route("GET", "h", path, "s3", points) == ToObjectLambdaControl(), name
