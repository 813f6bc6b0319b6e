"""Errors are byte for byte like S3's."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from jitprep.emulator.request_ids import RequestIds
from jitprep.emulator.s3_errors import S3Error, error_response, no_response_error, reported_error
from jitprep.emulator.workers.function import Died, NotInvoked, Raised, Returned, TimedOut


def test_an_error_is_s3s_xml():
    error = S3Error(404, "NoSuchBucket", "The <bucket> is not.", {"BucketName": "a&b"})
    response = error_response(error, RequestIds("ID", "host"))
    assert response.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code>'
        b"<Message>The &lt;bucket&gt; is not.</Message><BucketName>a&amp;b</BucketName>"
        b"<RequestId>ID</RequestId><HostId>host</HostId></Error>"
    )
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/xml"
    assert (response.headers["x-amz-request-id"], response.headers["x-amz-id-2"]) == ("ID", "host")


def test_request_ids_have_s3s_form_and_do_not_repeat():
    ids = [RequestIds.new() for _ in range(100)]
    assert len({one.request_id for one in ids}) == len({one.host_id for one in ids}) == 100
    assert all(re.fullmatch(r"[A-Z0-9]{16}", one.request_id) for one in ids)
    assert all(re.fullmatch(r"[A-Za-z0-9+/]{75}=", one.host_id) for one in ids)


@given(st.text(), st.text())
def test_the_xml_is_well_formed_for_any_message(code, message):
    response = error_response(reported_error(500, code, message), RequestIds.new())
    root = ET.fromstring(response.body)
    if message.isprintable():
        assert (root.findtext("Message") or "") == message


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        (Returned(b"null"), 500, "LambdaResponseNotReceived"),
        (Raised(b'{"errorType": "ValueError", "errorMessage": "m"}'), 500, "LambdaRuntimeError"),
        (Raised(b"not JSON"), 500, "LambdaRuntimeError"),
        (Died("d"), 500, "LambdaRuntimeError"),
        (TimedOut(60), 500, "LambdaTimeout"),
        (NotInvoked(429, "TooManyRequestsException", "d"), 503, "SlowDown"),
        (NotInvoked(403, "AccessDeniedException", "d"), 403, "LambdaPermissionError"),
        (NotInvoked(404, "ResourceNotFoundException", "d"), 404, "LambdaNotFound"),
        (NotInvoked(413, "RequestTooLargeException", "d"), 400, "LambdaInvocationFailed"),
        (NotInvoked(502, "ServiceException", "d"), 400, "LambdaInvocationFailed"),
    ],
)
def test_each_outcome_without_a_response_has_its_error(outcome, status, code):
    error = no_response_error(outcome)
    assert (error.status, error.code) == (status, code)
    assert error.message


@pytest.mark.parametrize(
    ("status", "code"), [(404, "NotFound"), (503, "ServiceUnavailable"), (499, "UnknownError")]
)
def test_an_error_without_a_code_has_its_statuss_name(status, code):
    assert reported_error(status, None, None).code == code


@pytest.mark.parametrize(
    ("bucket", "parameters", "code", "details"),
    [
        ("nobody--ol-s3", {}, "NoSuchBucket", {"BucketName": "nobody--ol-s3"}),
        (None, {"Range": "bytes=0-1"}, "NotImplemented", {"Header": "Range"}),
        (None, {"PartNumber": 1}, "NotImplemented", {"Header": "PartNumber"}),
    ],
)
def test_an_error_has_what_s3_adds_for_its_code(reader, bucket, parameters, code, details):
    alias = bucket or reader.alias("upper")
    with pytest.raises(ClientError) as caught:
        reader.s3.get_object(Bucket=alias, Key="greeting.txt", **parameters)
    response = caught.value.response
    assert {"Code": code, **details}.items() <= response["Error"].items()
    ids = (response["ResponseMetadata"][name] for name in ("RequestId", "HostId"))
    assert all(ids)
