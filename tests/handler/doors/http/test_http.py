"""Payload format 2.0, in and out: a Function URL's events and an HTTP API's."""

from __future__ import annotations

import base64
import copy
import io
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from handler import doors
from handler.app import choose_door
from jitprep.service.config import config
from jitprep.service.deadline import Deadline
from jitprep.service.messages import Response
from jitprep.service.results.derived_object import derived_etag
from preprocessing import Pipeline, Seed
from tests.photos import photo

from .http_events import REQUEST_ID, function_url, http_api, rest_api

DEFAULT = "resize:256/center_crop:224/npy"
EVENTS = (function_url, http_api, rest_api)
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(autouse=True)
def allowed(s3, monkeypatch):
    monkeypatch.setenv("JITPREP_BUCKETS", "photos,train=company-photos")
    monkeypatch.setenv("JITPREP_REQUEST_OVERRIDES", "seed,pipeline")
    config.cache_clear()
    s3.answer = replace(s3.answer, body=photo("rocket"), headers=JPEG)


def body_of(answer) -> bytes:
    assert answer["isBase64Encoded"] is True
    return base64.b64decode(answer["body"], validate=True)


def error_of(answer) -> tuple[int, str]:
    root = ET.fromstring(body_of(answer))
    assert answer["headers"]["Content-Type"] == "application/xml"
    assert root.findtext("RequestId") == REQUEST_ID
    assert root.findtext("Message")
    return answer["statusCode"], root.findtext("Code") or ""


@pytest.mark.parametrize("event", EVENTS)
def test_an_object_is_read_and_transformed(s3, ask, event):
    answer = ask(event("/train/a/rocket.jpg"))
    expected = Pipeline.parse(DEFAULT).encode(photo("rocket"))
    assert set(answer) == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert answer["statusCode"] == 200
    assert body_of(answer) == expected.body
    headers = answer["headers"]
    assert all(isinstance(value, str) for value in headers.values())
    assert headers["Content-Type"] == expected.content_type
    assert headers["ETag"] == derived_etag('"source"', Pipeline.parse(DEFAULT).fingerprint, 0)
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["x-amz-meta-jitprep-pipeline"] == DEFAULT
    assert headers["x-amz-meta-jitprep-source-etag"] == '"source"'
    (sent,) = s3.targets
    assert sent[0] == "GET"
    assert urlsplit(sent[1]).path == "/company-photos/a/rocket.jpg"
    assert s3.gets[-1]["authorization"].startswith("AWS4-HMAC-SHA256 ")


@pytest.mark.parametrize("event", EVENTS)
def test_the_client_may_choose_a_preset_and_a_seed(ask, event, monkeypatch, tmp_path):
    presets = tmp_path / "presets.toml"
    presets.write_text(
        'default = "still"\n[presets]\nstill = "png"\ncrop = "random_resized_crop:16/npy"\n'
    )
    monkeypatch.setenv("JITPREP_PRESETS", str(presets))
    config.cache_clear()
    crop = Pipeline.parse("random_resized_crop:16/npy")
    expected = crop.encode(photo("rocket"), seed=Seed(3, "r.jpg", '"source"')).body
    by_query = ask(event("/photos/r.jpg", "pipeline=crop&seed=3"))
    by_header = ask(
        event("/photos/r.jpg", headers={"X-Jitprep-Pipeline": "crop", "X-JITPREP-SEED": "3"})
    )
    assert body_of(by_query) == body_of(by_header) == expected
    assert body_of(ask(event("/photos/r.jpg", "pipeline=crop&seed=4"))) != expected


@pytest.mark.parametrize("query", ["seed=3", "pipeline=dino"])
def test_what_the_function_does_not_allow_is_refused(ask, monkeypatch, query):
    monkeypatch.delenv("JITPREP_REQUEST_OVERRIDES")
    config.cache_clear()
    assert error_of(ask(function_url("/photos/r.jpg", query))) == (400, "OverrideNotAllowed")


@pytest.mark.parametrize("event", EVENTS)
def test_head_has_the_headers_of_get_and_no_body(ask, event):
    get, head = (ask(event("/photos/r.jpg", method=method)) for method in ("GET", "HEAD"))
    assert head["body"] == ""
    assert int(head["headers"].pop("Content-Length")) == len(body_of(get))
    del get["headers"]["x-amz-meta-jitprep-geometry"]  # HEAD of a fixed size reads no original
    assert head["headers"] == get["headers"]
    assert head["statusCode"] == get["statusCode"] == 200


def test_a_range_is_returned_and_head_has_its_length(ask):
    whole = body_of(ask(function_url("/photos/r.jpg")))
    for headers, query, expected in (
        ({"Range": "bytes=10-19"}, "", whole[10:20]),
        ({"range": "bytes=-7"}, "", whole[-7:]),
        ({}, "partNumber=1", whole),
    ):
        part = ask(function_url("/photos/r.jpg", query, headers=headers))
        head = ask(function_url("/photos/r.jpg", query, "HEAD", headers))
        assert part["statusCode"] == head["statusCode"] == 206
        assert body_of(part) == expected
        assert int(head["headers"]["Content-Length"]) == len(expected)
        assert part["headers"]["Content-Range"] == head["headers"]["Content-Range"]


def test_conditions_are_answered_without_a_body(ask):
    etag = ask(function_url("/photos/r.jpg"))["headers"]["ETag"]
    not_modified = ask(function_url("/photos/r.jpg", headers={"If-None-Match": f'"x",{etag}'}))
    assert (not_modified["statusCode"], not_modified["body"]) == (304, "")
    assert not_modified["headers"]["ETag"] == etag
    assert ask(function_url("/photos/r.jpg", headers={"if-match": etag}))["statusCode"] == 200
    failed = ask(function_url("/photos/r.jpg", headers={"IF-MATCH": '"x"'}))
    assert error_of(failed) == (412, "PreconditionFailed")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "get", ""])
@pytest.mark.parametrize("event", EVENTS)
def test_other_methods_are_not_allowed(s3, ask, event, method):
    answer = ask(event("/photos/r.jpg", method=method, body="eyJhIjoxfQ==", isBase64Encoded=True))
    assert error_of(answer) == (405, "MethodNotAllowed")
    assert answer["headers"]["Allow"] == "GET, HEAD"
    assert s3.targets == []


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        ("/other/r.jpg", "", (403, "BucketNotAllowed")),
        ("/company-photos/r.jpg", "", (403, "BucketNotAllowed")),
        ("//photos/r.jpg", "", (403, "BucketNotAllowed")),
        ("/other", "list-type=2", (403, "BucketNotAllowed")),
        ("/favicon.ico", "", (501, "NotImplemented")),
        ("/", "", (501, "NotImplemented")),
        ("", "", (501, "NotImplemented")),
        ("/photos", "", (501, "NotImplemented")),
        ("/photos/", "list-type=1", (501, "NotImplemented")),
        ("/photos", "location", (501, "NotImplemented")),
        ("/photos", "list-type=2&versions", (501, "NotImplemented")),
        ("/photos/r.jpg", "acl", (501, "NotImplemented")),
        ("/photos/r.jpg", "list-type=2", (501, "NotImplemented")),
        ("/photos/r.jpg", "response-content-type=text/html", (501, "NotImplemented")),
        ("/photos/r.jpg", "sed=3", (501, "NotImplemented")),
        ("/photos/r.jpg", "seed=-3", (400, "InvalidSeed")),
        ("/photos/r.jpg", "pipeline=none", (400, "UnknownPipeline")),
        ("/photos/r.jpg", "partNumber=0", (400, "InvalidArgument")),
        ("/photos", "list-type=2&max-keys=many", (400, "InvalidArgument")),
        ("/photos", "list-type=2&max-keys=-1", (400, "InvalidArgument")),
    ],
)
@pytest.mark.parametrize("event", EVENTS)
def test_what_is_not_there_is_an_error_of_s3s(s3, ask, event, path, query, error):
    assert error_of(ask(event(path, query))) == error
    assert s3.targets == []


def test_an_error_of_a_head_has_no_body(ask):
    answer = ask(function_url("/other/r.jpg", method="HEAD"))
    assert (answer["statusCode"], answer["body"]) == (403, "")


def test_a_key_of_the_clients_own_is_refused(s3, ask):
    headers = {"X-Amz-Server-Side-Encryption-Customer-Key": "c2VjcmV0"}
    assert error_of(ask(function_url("/photos/r.jpg", headers=headers))) == (400, "InvalidRequest")
    assert s3.targets == []


def test_an_owner_that_would_not_be_looked_at_is_refused(s3, ask):
    headers = {"x-amz-expected-bucket-owner": "123456789012"}
    for path, query in (("/photos/r.jpg", ""), ("/photos", "list-type=2")):
        assert error_of(ask(function_url(path, query, headers=headers))) == (501, "NotImplemented")
    assert s3.targets == []


def test_s3s_own_error_passes_with_its_words(s3, ask):
    s3.answer = replace(
        s3.answer,
        status=404,
        body=b"<Error><Code>NoSuchKey</Code><Message>a &lt; b &amp; c</Message></Error>",
    )
    answer = ask(function_url("/photos/none.jpg"))
    assert error_of(answer) == (404, "NoSuchKey")
    assert ET.fromstring(body_of(answer)).findtext("Message") == "a < b & c"


def test_a_version_is_read_by_its_id(s3, ask):
    assert ask(function_url("/photos/r.jpg", "versionId=v%2B1&x-id=GetObject"))["statusCode"] == 200
    (_, target) = s3.targets[-1]
    assert parse_qs(urlsplit(target).query)["versionId"] == ["v+1"]


def test_the_parameters_of_a_presigned_url_are_left_alone(ask):
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=ab&X-Amz-Expires=9"
    assert ask(function_url("/photos/r.jpg", query))["statusCode"] == 200


@pytest.mark.parametrize(
    ("event", "client_timeout_s"),
    [(function_url("/a/b"), 900.0), (http_api("/a/b"), 30.0), (rest_api("/a/b"), 29.0)],
)
def test_a_door_knows_its_own_events_and_how_long_its_callers_wait(event, client_timeout_s):
    fitting = [door for door in doors.DOORS if door.fits(event)]
    assert [door.client_timeout_s for door in fitting] == [client_timeout_s]
    assert choose_door(event) is fitting[0]


def test_api_gateway_gets_its_answer_before_it_times_out():
    (door,) = (door for door in doors.DOORS if door.fits(http_api("/a/b")))
    assert Deadline.of(900_000, door.client_timeout_s).left == pytest.approx(27, abs=0.1)
    assert Deadline.of(3_000, door.client_timeout_s).left == pytest.approx(2.4, abs=0.1)


def test_a_timeout_is_answered_in_time(s3, ask):
    s3.answer = replace(s3.answer, delay_s=1.0)
    answer = ask(http_api("/photos/r.jpg"), remaining_ms=300)
    assert error_of(answer) == (503, "DeadlineExceeded")


@pytest.mark.parametrize("field", ["version", "requestContext"])
def test_an_event_of_another_shape_is_not_http(field):
    for wrong in (None, "1.0", {}, {"http": "GET"}):
        event = function_url("/photos/r.jpg") | {field: wrong}
        with pytest.raises(ValueError, match="fits none of the doors"):
            choose_door(event)


@pytest.mark.parametrize(
    ("field", "status"),
    [("rawPath", 501), ("rawQueryString", 200), ("headers", 200), ("cookies", 200)],
)
def test_a_field_that_is_left_out_is_empty(ask, field, status):
    event = function_url("/photos/r.jpg")
    assert ask(event | {field: None})["statusCode"] == status
    del event[field]
    assert ask(event)["statusCode"] == status


def test_headers_that_are_no_table_are_refused(ask):
    event = function_url("/photos/r.jpg") | {"headers": "none"}
    assert error_of(ask(event)) == (400, "InvalidEvent")


def test_nothing_of_the_caller_is_logged(ask, capsys):
    query = "X-Amz-Signature=SECRETSIGNATURE"
    ask(function_url("/photos/r.jpg", query, headers={"Authorization": "SECRETAUTHORIZATION"}))
    said = capsys.readouterr().out
    assert json.loads(said)["door"] == "function-url"
    assert "SECRET" not in said
    assert "secret-user" not in said
    assert "X-Amz" not in said


@pytest.mark.parametrize(("delay_s", "level"), [(0.0, "INFO"), (1.0, "ERROR")])
def test_a_clients_mistake_is_not_the_functions_error(s3, ask, capsys, delay_s, level):
    s3.answer = replace(s3.answer, delay_s=delay_s)
    query = "" if delay_s else "sed=3"
    assert ask(function_url("/photos/r.jpg", query), remaining_ms=300)["statusCode"] >= 500
    assert json.loads(capsys.readouterr().out)["level"] == level


def test_no_character_of_a_message_spoils_the_xml():
    (door,) = (door for door in doors.DOORS if door.fits(function_url("/")))
    told = Response(400, error_code="Wrong", error_message="a\x00<b>&\ud800\ufffe ü")
    answer = door.reply(function_url("/"), told)
    assert ET.fromstring(body_of(answer)).findtext("Message") == "a\ufffd<b>&\ufffd\ufffd ü"


def test_numpy_reads_the_body(ask):
    tensor = np.load(io.BytesIO(body_of(ask(function_url("/photos/r.jpg")))))
    assert (tensor.shape, tensor.dtype) == ((3, 224, 224), np.uint8)


def test_the_event_is_not_changed(ask):
    event = http_api("/photos/r.jpg", stage="prod")
    before = copy.deepcopy(event)
    ask(event)
    assert event == before
