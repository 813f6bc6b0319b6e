"""Every part of the endpoint requires a signature, as AWS does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

ACCOUNT = "123456789012"
FUNCTIONS = Path(__file__).parents[1] / "functions"


def get(s3, local, alias):
    return s3.get_object(Bucket=alias, Key="greeting.txt")


CALLS = {
    "access point": ("s3", get),
    "missing access point": ("s3", lambda s3, *_: s3.list_objects_v2(Bucket="none--ol-s3")),
    "s3": ("s3", lambda s3, *_: s3.list_buckets()),
    "upload": ("s3", lambda s3, *_: s3.put_object(Bucket="texts", Key="k", Body=b"x")),
    "write": (
        "s3",
        lambda s3, *_: s3.write_get_object_response(RequestRoute="r", RequestToken="t"),
    ),
    "object lambda control": (
        "s3control",
        lambda control, *_: control.list_access_points_for_object_lambda(AccountId=ACCOUNT),
    ),
    "s3 control": (
        "s3control",
        lambda control, *_: control.list_access_points(AccountId=ACCOUNT),
    ),
    "invoke": (
        "lambda",
        lambda client, *_: client.invoke(FunctionName="preprocess", Payload=b"{}"),
    ),
}
LAMBDA = {
    "AccessDenied": "MissingAuthenticationTokenException",
    "InvalidAccessKeyId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}


@pytest.fixture(scope="module")
def refused(local, reader, expect_error):
    def call(name, code, status=403, *, key="test", secret="test", **config):
        service, ask = CALLS[name]
        client = boto3.client(
            service,
            endpoint_url=local.url,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(proxies={"http": local.url}, retries={"total_max_attempts": 1}, **config),
        )
        if service == "lambda":
            code = LAMBDA[code]
        with expect_error(code, status):
            ask(client, local, reader.alias("upper"))

    return call


@pytest.mark.parametrize("name", CALLS)
def test_every_part_refuses_the_unsigned(refused, name):
    refused(name, "AccessDenied", signature_version=UNSIGNED)


@pytest.mark.parametrize("name", CALLS)
def test_every_part_refuses_an_unknown_key(refused, name):
    refused(name, "InvalidAccessKeyId", key="nobody")


@pytest.mark.parametrize("name", CALLS)
def test_every_part_refuses_a_wrong_secret(refused, name):
    refused(name, "SignatureDoesNotMatch", secret="wrong")


def test_version_2_is_refused(refused, reader, local):
    refused("access point", "InvalidRequest", 400, signature_version="s3")
    old = local.client("s3", Config(signature_version="s3"))
    params = {"Bucket": reader.alias("upper"), "Key": "greeting.txt"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(old.generate_presigned_url("get_object", Params=params))
    with caught.value as answer:
        assert answer.status == 400
        assert b"<Code>InvalidRequest</Code>" in answer.read()


def test_a_session_token_changes_nothing(reader, local):
    session = boto3.Session("test", "test", "a session token", region_name="us-east-1")
    s3 = session.client("s3", endpoint_url=local.url, config=Config(proxies={}))
    assert get(s3, local, reader.alias("upper"))["Body"].read() == b"HELLO"


@pytest.mark.parametrize(("signed_for", "asked"), [("head_object", "GET"), ("get_object", "HEAD")])
def test_a_presigned_url_is_for_one_method(reader, signed_for, asked):
    params = {"Bucket": reader.alias("upper"), "Key": "greeting.txt"}
    url = reader.s3.generate_presigned_url(signed_for, Params=params)
    request = urllib.request.Request(url, method=asked)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.status == 403


def test_a_cors_preflight_needs_no_signature(local, reader):
    reader.s3.create_bucket(Bucket="site")
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://example.com"]}
    reader.s3.put_bucket_cors(Bucket="site", CORSConfiguration={"CORSRules": [rule]})
    request = urllib.request.Request(
        f"{local.url}/site/page.html",
        headers={"Origin": "http://example.com", "Access-Control-Request-Method": "GET"},
        method="OPTIONS",
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "http://example.com"


def test_a_body_held_back_by_expect_is_not_read_as_the_next_request(local, expect_error):
    """boto3 waits for 100 Continue. After a rejection, its next request must not be read as the body."""
    session = boto3.Session("test", "wrong", region_name="us-east-1")
    once = Config(proxies={}, retries={"total_max_attempts": 1})
    s3 = session.client("s3", endpoint_url=local.url, config=once)
    for _ in range(3):
        with expect_error("SignatureDoesNotMatch", 403):
            s3.put_object(Bucket="texts", Key="k", Body=b"kept back")


def test_an_endpoint_in_another_region_takes_its_own(object_lambda_endpoint, expect_error):
    local = object_lambda_endpoint(
        handler="behaviours.handler", task_root=FUNCTIONS, workers=1, region="eu-west-1"
    )
    s3 = local.client("s3")
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="texts", CreateBucketConfiguration=place)
    s3.put_object(Bucket="texts", Key="greeting.txt", Body=b"hello")
    alias = local.create_access_point("upper", "texts", payload="upper")
    arn = f"arn:aws:s3-object-lambda:eu-west-1:{ACCOUNT}:accesspoint/upper"
    for name in (alias, arn):
        assert get(s3, local, name)["Body"].read() == b"HELLO"
    # boto3 takes the region from the error and retries, as with AWS.
    elsewhere = boto3.Session("test", "test", region_name="us-east-1").client(
        "s3", endpoint_url=local.url, config=Config(proxies={})
    )
    assert get(elsewhere, local, alias)["Body"].read() == b"HELLO"
    with expect_error("AuthorizationHeaderMalformed", 400) as message:
        elsewhere.list_buckets()
    assert "expecting 'eu-west-1'" in message()


def test_nothing_is_verified_where_that_is_switched_off(object_lambda_endpoint):
    local = object_lambda_endpoint(
        handler="behaviours.handler", task_root=FUNCTIONS, workers=1, verify_signatures=False
    )
    local.client("s3").create_bucket(Bucket="texts")
    anybody = local.client("s3", Config(signature_version=UNSIGNED))
    anybody.put_object(Bucket="texts", Key="greeting.txt", Body=b"hello")
    alias = local.create_access_point("open", "texts", payload="upper")
    assert get(anybody, local, alias)["Body"].read() == b"HELLO"
    answer = local.client("lambda", Config(signature_version=UNSIGNED)).invoke(
        FunctionName="preprocess", Payload=b"{}"
    )
    assert json.load(answer["Payload"])["errorType"] == "KeyError"
