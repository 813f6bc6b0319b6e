"""The route of each host and path."""

from __future__ import annotations

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.emulator.control.access_points import AccessPoint, AccessPoints, Configuration, now
from jitprep.emulator.routing import (
    ToAccessPoint,
    ToBucket,
    ToFunction,
    ToFunctionUrl,
    ToJobs,
    ToMissingAccessPoint,
    ToObjectLambdaControl,
    ToS3,
    ToS3Control,
    ToWriteGetObjectResponse,
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
        ("POST", "/WriteGetObjectResponse", ToWriteGetObjectResponse()),
        ("GET", f"/{POINT.alias}/a%20b%2Fc//d", ToAccessPoint(POINT, "a b/c//d")),
        ("GET", f"/{POINT.alias}", ToAccessPoint(POINT, "")),
        ("GET", f"/bucket/{POINT.alias}", ToS3()),
        ("GET", "/other--ol-s3/key", ToMissingAccessPoint("other--ol-s3")),
        ("GET", "/mine-123456789012/key", ToS3()),
        ("POST", "/2015-03-31/functions/f%3Alive/invocations", ToFunction("f:live")),
        ("GET", "/_lambda-url/F_1", ToFunctionUrl("F_1", "/", "")),
        ("PUT", "/_lambda-url/f/", ToFunctionUrl("f", "/", "")),
        ("GET", "/_lambda-url/f/a%20b%2Fc//d", ToFunctionUrl("f", "/a%20b%2Fc//d", "")),
        (
            "GET",
            "/_lambda-url/f//WriteGetObjectResponse",
            ToFunctionUrl("f", "//WriteGetObjectResponse", ""),
        ),
        ("GET", f"/_lambda-url/f/{POINT.alias}/k", ToFunctionUrl("f", f"/{POINT.alias}/k", "")),
        ("GET", "/bucket/_lambda-url/f/", ToS3()),
        ("GET", "/_lambda-url", ToS3()),
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
def test_the_signed_service_distinguishes_access_points_of_the_same_name(
    points, host, service, expected
):
    assert route("GET", host, "/a/b", service, points) == expected


BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,40}[a-z0-9]", fullmatch=True).filter(
    lambda name: not re.search(r"(^|\.)s3[.-]|\.\.|\d\.\d", name)
)


@given(BUCKETS, st.sampled_from(["localhost:9000", "s3.localhost", "s3.eu-west-1.amazonaws.com"]))
def test_any_bucket_may_precede_the_host(bucket, suffix):
    found = route("PUT", f"{bucket}.{suffix}", "/a%20b//c", "s3", AccessPoints())
    assert found == ToBucket(bucket, "a b//c")


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["s3", "s3-object-lambda", ""]))
def test_every_host_and_path_has_a_route(host, path, service):
    route("GET", host, f"/{path}", service, AccessPoints())


def test_the_route_and_the_account_may_precede_the_host(points):
    at = "io-local-cell001.127.0.0.1:9000"
    assert (
        route("POST", at, "/WriteGetObjectResponse", "s3-object-lambda", points)
        == ToWriteGetObjectResponse()
    )
    at = "123456789012.127.0.0.1:9000"
    path = "/v20180820/accesspointforobjectlambda"
    assert route("GET", at, path, "s3", points) == ToObjectLambdaControl()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", f"/{POINT.alias}/key"),
        ("GET", "/_lambda-url/other/x"),
        ("POST", "/WriteGetObjectResponse"),
        ("POST", "/2015-03-31/functions/f/invocations"),
        ("PUT", "/v20180820/accesspoint/x"),
    ],
)
@pytest.mark.parametrize("suffix", [".on.aws", ".localhost:9000", ".127.0.0.1.nip.io:9000", ".box"])
def test_every_path_of_a_functions_host_is_the_functions(points, method, path, suffix):
    found = route(method, f"My_func.lambda-url.us-gov-west-1{suffix}", path, "lambda", points)
    domain = f"my_func.lambda-url.us-gov-west-1{suffix.partition(':')[0]}"
    assert found == ToFunctionUrl("my_func", path, domain)


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("a.b.lambda-url.us-east-1.localhost:9000", "a.b.lambda-url.us-east-1"),
        ("lambda-url.us-east-1.localhost:9000", "lambda-url.us-east-1"),
        ("f.lambda-url.photos.localhost:9000", "f.lambda-url.photos"),
        ("f.lambda-url.us-east-1", None),
    ],
)
def test_a_host_that_resembles_a_functions_host_is_not_one(points, host, bucket):
    expected = ToS3() if bucket is None else ToBucket(bucket, "key")
    assert route("GET", host, "/key", "s3", points) == expected


def test_an_unknown_arn_is_a_missing_access_point(points):
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


def test_every_object_lambda_call_of_s3_control_has_its_route(points):
    model = botocore.session.get_session().get_service_model("s3control")
    for name in model.operation_names:
        if "ObjectLambda" in name:
            path = model.operation_model(name).http["requestUri"].replace("{name}", "x")
            assert route("GET", "h", path, "s3", points) == ToObjectLambdaControl(), name
