"""WriteGetObjectResponse, compared with botocore's model of it."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from jitprep.emulator.data_plane.write_get_object_response import parse_head
from jitprep.emulator.s3_errors import S3Error

MODEL = botocore.session.get_session().get_service_model("s3")
WRITE = MODEL.operation_model("WriteGetObjectResponse").input_shape.members
GET = MODEL.operation_model("GetObject").output_shape.members
# A value of each parameter's type, as botocore sends it.
VALUES = {
    "string": ("a text", "a text"),
    "integer": (7, "7"),
    "long": (7, "7"),
    "boolean": (True, "true"),
    "timestamp": (datetime(2015, 10, 21, 7, 28, tzinfo=UTC), "Wed, 21 Oct 2015 07:28:00 GMT"),
}
FORWARDED = sorted(
    name
    for name in set(WRITE) & set(GET)
    if WRITE[name].serialization.get("location") == "header" and name != "ContentLength"
)


@pytest.mark.parametrize("member", FORWARDED)
def test_each_member_reaches_the_client_under_get_objects_name(member):
    sent = Headers({WRITE[member].serialization["name"]: "value"})
    expected = GET[member].serialization["name"].lower().encode()
    assert parse_head(sent).headers == ((expected, b"value"),)


def test_only_metadata_and_length_are_forwarded_without_the_prefix():
    sent = Headers(
        {
            "x-amz-meta-a": "1",
            "content-length": "7",
            "authorization": "secret",
            "x-amz-request-token": "secret",
            "x-amz-fwd-header-connection": "close",
            "x-amz-fwd-header-content-length": "9",
        }
    )
    assert dict(parse_head(sent).headers) == {b"x-amz-meta-a": b"1", b"content-length": b"7"}


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-fwd-status": "201"},
        {"x-amz-fwd-status": "ok"},
        {"x-amz-fwd-error-code": "NoSuchKey"},
        {"x-amz-fwd-status": "206", "x-amz-fwd-error-message": "no"},
        {"x-amz-fwd-status": "404", "x-amz-fwd-error-code": "no_such_key"},
        {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
        {
            "x-amz-fwd-header-x-amz-checksum-crc32": "a",
            "x-amz-fwd-header-x-amz-checksum-sha1": "b",
        },
    ],
)
def test_what_aws_would_not_accept_is_a_validation_error(headers):
    with pytest.raises(S3Error) as caught:
        parse_head(Headers(headers))
    assert (caught.value.status, caught.value.code) == (400, "ValidationError")


STATUSES = [200, 206, 304, 400, 401, 403, 404, 405, 409, 411, 412, 416, 500, 503]


@given(st.integers(100, 599) | st.sampled_from(STATUSES))
def test_the_statuses_are_those_that_botocore_documents(status):
    documented = WRITE["StatusCode"].documentation
    assert all(f"{one} - " in documented for one in STATUSES)
    sent = Headers({"x-amz-fwd-status": str(status)})
    if status in STATUSES:
        assert parse_head(sent).status == status
    else:
        with pytest.raises(S3Error, match=f"StatusCode '{status}'"):
            parse_head(sent)


def test_an_error_keeps_its_code_and_message():
    head = parse_head(
        Headers(
            {
                "x-amz-fwd-status": "416",
                "x-amz-fwd-error-code": "InvalidRange",
                "x-amz-fwd-error-message": "past the end",
            }
        )
    )
    assert (head.status, head.error_code, head.error_message) == (
        416,
        "InvalidRange",
        "past the end",
    )


def test_every_parameter_is_one_that_is_forwarded_or_one_of_the_call():
    own = {"Body", "ContentLength", "ErrorCode", "ErrorMessage", "Metadata"}
    assert set(WRITE) - set(FORWARDED) == own | {"RequestRoute", "RequestToken", "StatusCode"}


@pytest.mark.parametrize("status", [200, 206, 404, 416])
def test_all_parameters_at_once_reach_boto3s_client(reader, status):
    """Only one checksum is allowed, and an error's XML has its own length and type."""
    names = [n for n in FORWARDED if not n.startswith("Checksum") or n == "ChecksumSHA256"]
    error = {"ErrorCode": "Nothing"} if status >= 400 else {}
    payload = "write:" + json.dumps({"StatusCode": status, **error, **parameters(names)})
    url = reader.s3.generate_presigned_url(
        "get_object", Params={"Bucket": reader.alias(payload), "Key": "greeting.txt"}
    )
    with read(url) as answer:
        assert answer.status == status
        for name in names:
            header = GET[name].serialization["name"].lower()
            of_a_body = header.startswith(("content-", "x-amz-checksum-"))
            if status < 400 or not of_a_body or header == "content-range":
                assert answer.headers[header] == sent_as(name), name


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (304, "", None),
        (304, "x", "LambdaInvalidResponse"),
        (404, "x", "LambdaInvalidResponse"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_rejected_where_none_is_allowed(reader, status, body, code, chunked):
    error = {"ErrorCode": "NoSuchKey"} if status == 404 else {}
    how = "write_chunked" if chunked else "write"
    payload = f"{how}:" + json.dumps({"StatusCode": status, "Body": body, "ETag": '"e"', **error})
    url = reader.s3.generate_presigned_url(
        "get_object", Params={"Bucket": reader.alias(payload), "Key": "greeting.txt"}
    )
    with read(url) as answer:
        assert answer.status == (304 if code is None else 400)
        if code is None:
            assert (answer.headers["etag"], answer.headers["content-length"]) == ('"e"', None)
        else:
            assert f"<Code>{code}</Code>".encode() in answer.read()


def read(url):
    """Read without redirects or errors, and without a library's interpretation of headers."""
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.netloc)
    connection.request("GET", f"{split.path}?{split.query}", headers={"Connection": "close"})
    return connection.getresponse()


def parameters(names):
    values = {name: VALUES[WRITE[name].type_name][0] for name in names}
    return {n: v.isoformat() if isinstance(v, datetime) else v for n, v in values.items()}


def sent_as(name):
    if WRITE[name].serialization.get("timestampFormat") == "iso8601":
        return "2015-10-21T07:28:00Z"
    return VALUES[WRITE[name].type_name][1]
