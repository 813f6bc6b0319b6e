"""Streamed answers, byte for byte: the metadata, eight NUL bytes, the body as it is made."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from handler.app import lambda_handler, stream_handler
from handler.doors.streamed import HTTP_INTEGRATION, OCTETS
from jitprep.service.config import config
from jitprep.service.errors import RequestFailed
from jitprep.service.lambda_limits import body_limit
from jitprep.service.messages import Response
from jitprep.service.shards.body_stream import BodyStream
from jitprep.service.shards.collect import bound
from preprocessing import Pipeline, ShardPipeline
from tests.preprocessing.shards.archives import shard

from ...scripted_s3 import Context
from .http.http_events import REQUEST_ID, function_url, http_api, rest_api
from .invoke.invoking import KEYS, LINE, SPEC, body_of, expected, one, put, several

SHARD = "tar/resize:8,8/npy"
LARGE = "resize:1600,1600/npy"
STREAMING = (function_url, rest_api)
SMALL = replace(body_limit(streamed=True), nbytes=3000)


@pytest.fixture
def archive(photos, s3, monkeypatch, tmp_path):
    """A shard of three samples whose third is damaged, and presets to read it by."""
    presets = tmp_path / "presets.toml"
    presets.write_text(
        f'default = "still"\n[presets]\nstill = "{SPEC}"\nlarge = "{LARGE}"\nshard = "{SHARD}"\n'
    )
    monkeypatch.setenv("JITPREP_PRESETS", str(presets))
    monkeypatch.setenv("JITPREP_REQUEST_OVERRIDES", "pipeline")
    config.cache_clear()
    members = {f"{number}.jpg": body for number, body in enumerate(photos.values())}
    put(s3, "whole.tar", shard(members))
    put(s3, "cut.tar", shard({**members, "3.jpg": photos[KEYS[0]][:700]}))
    return shard(members)


def made(archive: bytes) -> bytes:
    return b"".join(ShardPipeline.parse(SHARD).encode(archive))


@pytest.mark.parametrize("event", STREAMING)
def test_an_object_is_what_the_buffered_answer_holds(archive, s3, ask, stream, event):
    asked = event("/photos/b.jpg")
    buffered = ask(asked)
    head, body, reply = stream(asked)
    assert reply.content_type == HTTP_INTEGRATION
    assert head == {name: buffered[name] for name in ("statusCode", "headers")}
    assert body == body_of(buffered)
    # Lambda chunks the answer, and would rename the header.
    assert "Content-Length" not in head["headers"]


def test_the_bytes_are_lambdas_format(archive, stream):
    _, _, reply = stream(function_url("/photos/missing.jpg"))
    document = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>'
        b"<Message>Gone.</Message><RequestId>" + REQUEST_ID.encode() + b"</RequestId></Error>"
    )
    prelude = b'{"statusCode":404,"headers":{"Content-Type":"application/xml"}}'
    assert (reply.head, reply.body) == (prelude + bytes(8), document)


@pytest.mark.parametrize("event", STREAMING)
def test_head_has_the_length_and_no_body(archive, stream, event):
    _, whole, _ = stream(event("/photos/b.jpg", "pipeline=large"))
    head, body, _ = stream(event("/photos/b.jpg", "pipeline=large", "HEAD"))
    assert (head["statusCode"], body) == (200, b"")
    assert int(head["headers"]["Content-Length"]) == len(whole) > 6 * 2**20


def test_an_http_api_cannot_stream_and_its_answer_is_returned(archive, ask):
    event = http_api("/photos/b.jpg")
    assert stream_handler(event, Context(), pytest.fail) == ask(event)


@pytest.mark.parametrize("event", STREAMING)
def test_a_shard_is_sent_as_it_is_made(archive, stream, event, capsys):
    head, body, reply = stream(event("/photos/whole.tar", "pipeline=shard"))
    assert isinstance(reply.body, BodyStream)
    assert (head["statusCode"], body) == (200, made(archive))
    line = json.loads(capsys.readouterr().out)
    assert (line["status"], line["bytesOut"], line["rows"]) == (200, len(body), 3)


def test_what_fails_midway_is_raised_and_logged_and_gives_up_the_source(archive, capsys):
    event, taken, replies = function_url("/photos/cut.tar", "pipeline=shard"), [], []

    def send(reply):
        replies.append(reply)
        taken.extend(reply.body)

    with pytest.raises(Exception, match=r"3\.jpg"):
        stream_handler(event, Context(), send)
    assert b"".join(taken) == made(archive)[: sum(map(len, taken))]
    line = json.loads(capsys.readouterr().out)
    assert (line["status"], line["error"], line["level"]) == (400, "CorruptObject", "INFO")
    assert line["bytesOut"] == sum(map(len, taken)) > 0
    assert next(replies[0].body, None) is None


def test_a_client_that_leaves_closes_the_body(archive, s3):
    replies = []

    def send(reply):
        replies.append(reply)
        next(reply.body)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        stream_handler(function_url("/photos/whole.tar", "pipeline=shard"), Context(), send)
    (reply,) = replies
    assert next(reply.body, None) is None
    assert reply.body.failure is None


def test_nothing_is_logged_before_all_is_sent(archive, capsys):
    def send(reply):
        assert capsys.readouterr().out == ""

    stream_handler(function_url("/photos/b.jpg"), Context(), send)
    assert json.loads(capsys.readouterr().out)["bytesOut"]


def test_what_has_no_head_has_a_status_of_its_own(archive, s3, stream):
    put(s3, "bad.tar", shard({"a.jpg": b"\xff\xd8\xff"}))
    head, body, _ = stream(function_url("/photos/bad.tar", "pipeline=shard"))
    assert (head["statusCode"], ET.fromstring(body).findtext("Code")) == (400, "CorruptObject")


def test_a_stream_has_an_end_too():
    """Lambda cuts what is longer; what fails is reported."""
    closed = []
    stream = BodyStream(iter([bytes(2000), bytes(1000), b"more"]), lambda: closed.append(True))
    body = bound(Response(200, stream), SMALL.nbytes).body
    assert [len(next(body)), len(next(body))] == [2000, 1000]
    with pytest.raises(RequestFailed, match="smaller shards"):
        next(body)
    assert (body.taken, body.failure.code) == (3000, "ResponseTooLarge")
    body.close()
    assert closed


def test_a_whole_answer_that_is_too_large_is_refused(archive, stream, monkeypatch):
    monkeypatch.setattr("handler.doors.http.body_limit", lambda *, streamed: SMALL)
    head, body, _ = stream(function_url("/photos/b.jpg", "pipeline=large"))
    assert (head["statusCode"], ET.fromstring(body).findtext("Code")) == (413, "ResponseTooLarge")


def test_a_large_answer_is_not_put_aside(archive, s3, stream, monkeypatch):
    monkeypatch.setenv("JITPREP_SPILL", "large/answers")
    config.cache_clear()
    head, body, _ = stream(function_url("/photos/b.jpg", "pipeline=large"))
    assert (head["statusCode"], len(body), s3.put) == (200, 3 * 1600 * 1600 + 128, {})


def test_invoke_streams_one_object(photos, ask, stream):
    buffered = ask(one(**LINE))
    head, body, reply = stream(one(**LINE, stream=True))
    assert reply.content_type == OCTETS
    assert body == body_of(buffered) == expected(photos, KEYS[0]).body
    assert head == {name: buffered[name] for name in ("statusCode", "headers")}
    assert head["headers"]["x-amz-checksum-crc32"]


def test_invoke_streams_a_shard(archive, stream):
    head, body, _ = stream({**one(spec=SHARD, stream=True), "key": "whole.tar"})
    assert (head["statusCode"], body) == (200, made(archive))


def test_a_batch_has_more_rows_where_it_is_streamed(mixed, stream):
    spec = "resize:256/center_crop:224/npy"
    head, body, reply = stream(several(*["b.jpg"] * 41, "no.jpg", spec=spec, stream=True))
    rows = np.load(io.BytesIO(body))
    assert (rows.shape, len(head["keys"]), len(head["errors"])) == ((41, 3, 224, 224), 41, 1)
    assert len(reply.head) + len(body) <= 6 * 2**20
    np.testing.assert_array_equal(rows[40], Pipeline.parse(spec)(mixed["b.jpg"]))


def test_a_batch_without_rows_has_a_head_only(mixed, stream):
    head, body, _ = stream(several("no.jpg", **LINE, stream=True))
    assert (head["keys"], len(head["errors"]), body) == ([], 1, b"")


def test_a_batch_that_no_stream_holds_is_refused_before_it_is_read(photos, s3, stream):
    head, body, _ = stream(several(*["b.jpg"] * 1000, spec="resize:512,512/npy", stream=True))
    assert (head["statusCode"], head["errorCode"], body) == (413, "ResponseTooLarge", b"")
    assert (s3.targets, "JITPREP_SPILL" in head["errorMessage"]) == ([], False)
    assert "ask for 266 keys at a time" in head["errorMessage"]


def test_a_function_that_cannot_stream_says_what_to_set(photos):
    answer = lambda_handler(one(**LINE, stream=True), Context())
    assert (answer["statusCode"], answer["errorCode"]) == (501, "NotImplemented")
    assert "JITPREP_RUNTIME_CLIENT=jitprep" in answer["errorMessage"]


@pytest.mark.parametrize("how", [{}, {"stream": False}])
def test_without_being_asked_invoke_returns_its_answer(photos, ask, how):
    event = one(**LINE, **how)
    assert stream_handler(event, Context(), pytest.fail) == ask(event)


def test_an_error_is_streamed_as_its_head(photos, stream):
    for wrong in ({"seed": -1}, {"other": 1}):
        head, body, _ = stream(one(**LINE, stream=True, **wrong))
        assert (head["statusCode"], body) == (400, b"")
        assert head.keys() == {"statusCode", "errorCode", "errorMessage"}


@pytest.mark.parametrize("value", ["true", 1, None])
def test_stream_is_true_or_false(photos, ask, value):
    assert ask(one(**LINE, stream=value))["errorCode"] == "InvalidEvent"
