"""The derived object has all of the owner's metadata, and ours."""

from __future__ import annotations

import gzip
import json
from email.header import decode_header, make_header

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.app import lambda_handler
from jitprep.service.config import config
from preprocessing import Pipeline

from ....handler.doors.http.http_events import function_url
from ....handler.doors.object_lambda.test_get_object import photo
from ....scripted_s3 import Answer, Context

SPEC = "resize:8,8/npy"
PAYLOAD = json.dumps({"spec": SPEC})
OURS = {"pipeline", "fingerprint", "shape", "dtype", "source-etag"}
PHOTO = photo()
NAMES = st.one_of(
    st.sampled_from(["seed", "shape", "pipeline", "dtype", "fingerprint", "rate", "source-etag"]),
    st.from_regex(r"(jitprep-)?[a-z0-9_.-]{1,12}", fullmatch=True),
)
# As HTTP's libraries read them: UTF-8 that some stores send comes as a character for each byte.
VALUES = st.one_of(
    st.just(""),
    st.from_regex(r"[!-~]([ -~]{0,30}[!-~])?", fullmatch=True),
    st.text("aàÅ日é…\u2028", min_size=1, max_size=9).map(
        lambda text: text.encode().decode("latin-1")
    ),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(NAMES, VALUES, max_size=20))
def test_all_of_it_passes_through_every_door(s3, monkeypatch, metadata):
    monkeypatch.setenv("JITPREP_BUCKETS", "photos")
    config.cache_clear()
    s3.answer = Answer(headers={f"x-amz-meta-{n}": v for n, v in metadata.items()}, body=PHOTO)
    s3.written.clear()
    head = lambda_handler(s3.event_of("HeadObject", PAYLOAD), Context())
    answers = [
        head["headers"],
        lambda_handler({"bucket": "photos", "key": "a", "spec": SPEC}, Context())["headers"],
    ]
    lambda_handler(s3.event(PAYLOAD), Context())
    answers.append(s3.written[0].headers)
    for headers in answers:
        said = {
            name.removeprefix("x-amz-meta-"): value
            for name, value in headers.items()
            if name.startswith("x-amz-meta-")
        }
        made = {f"jitprep-{name}": said.pop(f"jitprep-{name}") for name in OURS}
        said.pop("jitprep-geometry", None)  # HEAD of a fixed size has none
        assert made["jitprep-fingerprint"] == Pipeline.parse(SPEC).fingerprint
        assert made["jitprep-source-etag"] == '"source"'
        assert len(said) == len(metadata)
        for name, value in metadata.items():
            kept = f"jitprep-original-{name[8:]}" if name.startswith("jitprep-") else name
            if value.isascii():
                assert said[kept] == value
            else:
                text = value.encode("latin-1").decode()
                assert str(make_header(decode_header(said[kept]))) == text


def test_as_much_as_s3_stores_passes(s3, invoke, ask):
    """2 KB of short names are more headers than http.client accepts by default."""
    metadata = {f"x-amz-meta-{number}": "v" for number in range(500)}
    s3.answer = Answer(headers=metadata, body=PHOTO)
    assert metadata.items() <= invoke(s3.event(PAYLOAD)).headers.items()
    s3.written.clear()
    head = ask(s3.event_of("HeadObject", PAYLOAD))
    assert metadata.items() <= head["headers"].items()


def test_s3s_count_of_what_it_could_not_send_passes_too(s3, invoke):
    s3.answer = Answer(headers={"x-amz-missing-meta": "2"}, body=PHOTO)
    assert invoke(s3.event(PAYLOAD)).headers["x-amz-fwd-header-x-amz-missing-meta"] == "2"


@pytest.mark.parametrize("coding", ["gzip", "aws-chunked,gzip"])
def test_a_derived_object_has_no_content_encoding(s3, invoke, coding):
    s3.answer = Answer(headers={"Content-Encoding": coding}, body=gzip.compress(PHOTO))
    written = invoke(s3.event(PAYLOAD))
    assert written.body == Pipeline.parse(SPEC).encode(PHOTO).body
    assert not any("content-encoding" in name for name in written.headers)


@pytest.mark.parametrize("status", [404, 405])
def test_a_delete_marker_is_named_as_s3_names_it(s3, invoke, ask, status):
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": "v1"}
    s3.answer = Answer(status, headers=headers)
    head = ask(s3.event_of("HeadObject", PAYLOAD))
    code = {404: "NoSuchKey", 405: "MethodNotAllowed"}[status]
    assert (head["statusCode"], head["errorCode"], head["headers"]) == (status, code, headers)
    s3.answer = Answer(status, headers, f"<Error><Code>{code}</Code></Error>".encode())
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (status, code)
    assert written.headers["x-amz-fwd-header-x-amz-delete-marker"] == "true"
    assert written.headers["x-amz-fwd-header-x-amz-version-id"] == "v1"


def test_over_http_too(s3, ask, monkeypatch):
    monkeypatch.setenv("JITPREP_BUCKETS", "photos")
    config.cache_clear()
    s3.answer = Answer(404, headers={"x-amz-delete-marker": "true"})
    answer = ask(function_url("/photos/a", method="HEAD"))
    assert (answer["statusCode"], answer["headers"]["x-amz-delete-marker"]) == (404, "true")
