"""Each wrong signature has AWS's error code and message."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from .signed_requests import (
    EMPTY,
    HOST,
    KEY,
    refusal,
    signed,
    with_authorization,
    with_header,
    with_query,
)


def without_signature(request_head):
    return with_header(request_head, "authorization", None)


OLD = "AWSAccessKeyId=k&Signature=s&Expires=1"
REFUSALS = {
    "unsigned": (lambda: without_signature(signed()), 403, "AccessDenied", "Access Denied"),
    "unknown key": (
        lambda: signed(key="nobody"),
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    "wrong secret": (
        lambda: signed(secret="wrong"),
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
    ),
    "presigned for another method": (
        lambda: replace(signed("HEAD", presign=True), method="GET"),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "version 2": (
        lambda: with_header(signed(), "authorization", "AWS key:signature"),
        400,
        "InvalidRequest",
        "The authorization mechanism you have provided is not supported. "
        "Please use AWS4-HMAC-SHA256.",
    ),
    "version 2, presigned": (
        lambda: without_signature(replace(signed(), query=OLD)),
        400,
        "InvalidRequest",
        None,
    ),
    "version 4A": (
        lambda: with_query(signed(presign=True), "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        400,
        "InvalidRequest",
        None,
    ),
    "no scheme of Amazon's": (
        lambda: with_header(signed(), "authorization", "Bearer token"),
        400,
        "InvalidArgument",
        "Unsupported Authorization Type",
    ),
    "twice": (
        lambda: replace(signed(), query=signed(presign=True).query),
        400,
        "InvalidArgument",
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
        "query string parameter or the Authorization header should be specified",
    ),
    "a component missing": (
        lambda: with_authorization(signed(), "SignedHeaders=", "Signed="),
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the authorization header requires three "
        "components: Credential, SignedHeaders, and Signature.",
    ),
    "a component twice": (
        lambda: with_authorization(signed(), ", SignedHeaders", ", Signature=1, SignedHeaders"),
        400,
        "AuthorizationHeaderMalformed",
        None,
    ),
    "credential": (
        lambda: with_authorization(signed(), "/aws4_request", ""),
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the Credential is mal-formed; expecting "
        '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    ),
    "terminal": (
        lambda: with_authorization(signed(), "aws4_request", "aws5_request"),
        400,
        "AuthorizationHeaderMalformed",
        'The authorization header is malformed; incorrect terminal "aws5_request". '
        'This endpoint uses "aws4_request".',
    ),
    "region": (
        lambda: signed(region="eu-west-1"),
        400,
        "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the region 'eu-west-1' is wrong; "
        "expecting 'us-east-1'",
    ),
    "region, presigned": (
        lambda: signed(region="eu-west-1", presign=True),
        400,
        "AuthorizationQueryParametersError",
        "Error parsing the X-Amz-Credential parameter; the region 'eu-west-1' is wrong; "
        "expecting 'us-east-1'",
    ),
    "service": (
        lambda: signed(service="sqs"),
        400,
        "AuthorizationHeaderMalformed",
        'The authorization header is malformed; incorrect service "sqs". '
        'This endpoint belongs to "s3".',
    ),
    "no date": (
        lambda: with_header(signed(), "x-amz-date", None),
        403,
        "AccessDenied",
        "AWS authentication requires a valid Date or x-amz-date header",
    ),
    "no hash": (
        lambda: with_header(signed(), "x-amz-content-sha256", None),
        400,
        "InvalidRequest",
        "Missing required header for this request: x-amz-content-sha256",
    ),
    "a hash that is none": (
        lambda: with_header(signed(), "x-amz-content-sha256", "abc"),
        400,
        "InvalidArgument",
        None,
    ),
    "the host not signed": (
        lambda: with_authorization(signed(), "SignedHeaders=host;", "SignedHeaders="),
        403,
        "AccessDenied",
        "There were headers present in the request which were not signed",
    ),
    "a signed header not sent": (
        lambda: with_header(signed(headers=[("range", "bytes=0-1")]), "range", None),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "a name added to the signed headers": (
        lambda: with_authorization(signed(), "SignedHeaders=host;", "SignedHeaders=accept;host;"),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "a hash added to a presigned URL": (
        lambda: with_header(signed(presign=True), "x-amz-content-sha256", EMPTY),
        403,
        "SignatureDoesNotMatch",
        None,
    ),
    "Content-MD5 not signed": (
        lambda: with_header(signed(presign=True), "content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        403,
        "AccessDenied",
        None,
    ),
    **{
        f"presigned without {name}": (
            lambda name=name: with_query(signed(presign=True), name, "Other"),
            400,
            "AuthorizationQueryParametersError",
            "Query-string authentication version 4 requires the X-Amz-Algorithm, "
            "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
            "X-Amz-Expires parameters.",
        )
        for name in (
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Amz-Date",
            "X-Amz-SignedHeaders",
            "X-Amz-Expires",
        )
    },
    **{
        f"expires {value}": (
            lambda value=value: with_query(
                signed(presign=True), "X-Amz-Expires=60", f"X-Amz-Expires={value}"
            ),
            400,
            "AuthorizationQueryParametersError",
            message,
        )
        for value, message in {
            "soon": "X-Amz-Expires should be a number",
            "-1": "X-Amz-Expires must be non-negative",
            "604801": "X-Amz-Expires must be less than a week (in seconds); that is, the given "
            "X-Amz-Expires must be less than 604800 seconds",
        }.items()
    },
    "a date that is none": (
        lambda: with_query(signed(presign=True), "X-Amz-Date=2", "X-Amz-Date=x"),
        400,
        "AuthorizationQueryParametersError",
        "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
    ),
    "a credential of another day": (
        lambda: with_query(signed(presign=True), f"{KEY}%2F20", f"{KEY}%2F19"),
        400,
        "AuthorizationQueryParametersError",
        None,
    ),
}


@pytest.mark.parametrize(("make", "status", "name", "message"), REFUSALS.values(), ids=REFUSALS)
def test_each_refusal_has_the_code_and_message_of_aws(make, status, name, message):
    error = refusal(make())
    assert (error.status, error.code) == (status, name)
    assert message is None or error.message == message


def test_a_wrong_signature_shows_what_should_have_been_signed():
    details = refusal(signed(secret="wrong", query="a=1")).details
    assert details["CanonicalRequest"].startswith(f"GET\n/bucket/key\na=1\nhost:{HOST}\n")
    assert re.fullmatch(
        r"AWS4-HMAC-SHA256\n\d{8}T\d{6}Z\n\d{8}/us-east-1/s3/aws4_request\n[0-9a-f]{64}",
        details["StringToSign"],
    )
    assert details["AWSAccessKeyId"] == KEY
    assert details.keys() == {
        "AWSAccessKeyId",
        "CanonicalRequest",
        "SignatureProvided",
        "StringToSign",
    }
