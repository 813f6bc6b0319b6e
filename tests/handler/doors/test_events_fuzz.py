"""Any event gets one explicit answer, or an exception where it has no client; no secret is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.app import lambda_handler
from jitprep.service.errors import ReplyFailed, RequestFailed
from jitprep.service.source import original
from soak.load import events

from ...scripted_s3 import Context
from .object_lambda.test_get_object import PAYLOAD, photo

SECRET = "SECRET"
URL = (
    "http://photos/a%20photo.jpg?X-Amz-Signature=SECRETSIGNATURE"
    "&X-Amz-SignedHeaders=host%3Bx-amz-request-payer%3Bx-amz-checksum-mode"
)
WHERE = ("io-local-cell001", "SECRETTOKEN")


@pytest.fixture
def outcome(s3, monkeypatch) -> Callable[[Any], str]:
    """Return a function that sends an event to the handler and returns the outcome."""
    monkeypatch.setattr(original, "_PAUSE_S", 0.0)
    s3.answer.body = photo()

    def send(event: Any) -> str:
        for seen in (s3.gets, s3.targets, s3.written):
            seen.clear()
        try:
            answer = lambda_handler(event, Context())
        except ValueError:
            assert not isinstance(event, dict) or not event.keys() & set(events.CONTEXTS)
            return "unknown shape"
        except (RequestFailed, ReplyFailed):
            own = event["getObjectContext"]
            named = isinstance(own, dict) and (own.get("outputRoute"), own.get("outputToken"))
            assert named != WHERE  # else there was a client
            return "no client"
        if "getObjectContext" in event:
            (written,) = s3.written
            return written.code or str(written.status)
        assert not s3.written
        json.dumps(answer)
        return answer.get("errorCode") or str(answer["statusCode"])

    return send


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of what must be large
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(event=events.any_event(URL, PAYLOAD))
def test_every_event_has_one_explicit_end(outcome, capfd, caplog, event):
    end = outcome(event)
    assert end != "InternalError"
    assert end.isalnum() or end in {"unknown shape", "no client"}
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err + caplog.text


@pytest.mark.parametrize(
    "url", ["0", "/photos/a", "file:///etc/passwd", "gopher://photos/a", "http:///a", "http://a:0/"]
)
def test_an_endpoint_is_asked_for_nothing_but_urls_of_the_web(s3, invoke, url):
    event = s3.event(PAYLOAD)
    event["getObjectContext"]["inputS3Url"] = url
    written = invoke(event)
    assert (written.status, written.code, s3.gets) == (403, "SourceNotAllowed", [])


@pytest.mark.parametrize("value", ["a\r\nInjected: 1", "\N{SNOWMAN}", "\x00"])
def test_a_signed_header_that_http_cannot_send_is_refused(s3, invoke, value):
    written = invoke(s3.event(PAYLOAD, headers={"x-amz-request-payer": value}))
    assert (written.status, written.code, s3.gets) == (400, "InvalidEvent", [])


@pytest.mark.parametrize("name", ["outputRoute", "outputToken"])
def test_an_answer_that_cannot_be_sent_fails_the_invocation(s3, name):
    event = s3.event(PAYLOAD)
    event["getObjectContext"][name] = "no host\r\nand no header"
    with pytest.raises(ReplyFailed):
        lambda_handler(event, Context())
    assert s3.written == []


SAID_BY_S3 = (
    "ETag",
    "Last-Modified",
    "Content-Type",
    "Content-Encoding",
    "Cache-Control",
    "x-amz-version-id",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-request-charged",
    "x-amz-checksum-crc32",
    "x-amz-checksum-sha1",
    "x-amz-meta-note",
    "x-amz-mp-parts-count",
)
VALUES = st.sampled_from(["", "0", "-1", "1e9", "true", '"', "gzip", "Wed, 99 Oct 2015"]) | st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=20
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    headers=st.dictionaries(st.sampled_from(SAID_BY_S3), VALUES, min_size=1, max_size=4),
    action=st.sampled_from(["GetObject", "HeadObject", "ListObjectsV2"]),
)
def test_whatever_s3_says_of_the_original(s3, outcome, headers, action):
    s3.answer.headers = headers
    event = s3.event(PAYLOAD) if action == "GetObject" else s3.event_of(action, PAYLOAD)
    assert outcome(event) not in {"InternalError", "unknown shape", "no client"}
