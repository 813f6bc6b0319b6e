"""WriteGetObjectResponse against botocore's own model of it."""

from __future__ import annotations

import botocore.session
import pytest
from starlette.datastructures import Headers

from emulator.s3_errors import S3Error
from emulator.write_get_object_response import parse_head

MODEL = botocore.session.get_session().get_service_model("s3")
WRITE = MODEL.operation_model("WriteGetObjectResponse").input_shape.members
GET = MODEL.operation_model("GetObject").output_shape.members
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


def test_metadata_and_length_pass_and_nothing_else_does():
    sent = Headers(
        {
            "x-amz-meta-a": "1",
            "content-length": "7",
            "authorization": "secret",
            "x-amz-request-token": "secret",
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
        {"x-amz-fwd-status": "404", "x-amz-fwd-error-code": "Gone", "content-length": "3"},
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
