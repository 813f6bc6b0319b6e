"""GetObject of originals that cannot be read or transformed, and in too little time."""

from __future__ import annotations

from typing import Any

import pytest

from jitprep.service.aws.write_get_object_response import located
from jitprep.service.config import config
from preprocessing import Pipeline

from .test_get_object import PAYLOAD, photo, serve_photo

BAD = {
    "empty": (b"", "EmptyObject"),
    "text": (b"not a photo at all", "UnknownFormat"),
    "truncated": (photo()[:700], "CorruptObject"),
}


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "NoSuchKey"), (403, "AccessDenied"), (412, "PreconditionFailed"), (400, "BadDigest")],
)
def test_s3s_own_errors_pass_through(s3, invoke, status, code):
    s3.answer.status = status
    s3.answer.body = f"<Error><Code>{code}</Code><Message>S3 says so.</Message></Error>".encode()
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (status, code)
    assert written.headers["x-amz-fwd-error-message"] == "S3 says so."


def test_not_modified_passes_through(s3, invoke):
    s3.answer.status = 304
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (304, None)


def test_a_refusal_without_xml_is_still_answered(s3, invoke):
    s3.answer.status, s3.answer.body = 403, b"<html>go away"
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (403, "SourceRefused")


def test_a_redirect_is_not_followed(s3, invoke):
    s3.answer.status = 307
    s3.answer.headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code, len(s3.gets)) == (500, "SourceRefused", 1)


def test_a_failing_s3_is_retried_then_reported_and_the_url_stays_secret(s3, invoke, caplog):
    s3.answer.status = 503
    written = invoke(s3.event(PAYLOAD))
    assert written.status == 503
    assert len(s3.gets) == 5
    assert "SECRET" not in caplog.text


@pytest.mark.parametrize("name", BAD)
def test_bad_objects_have_codes_of_their_own(s3, invoke, name):
    s3.answer.body, code = BAD[name]
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (400, code)
    s3.answer.body = photo()
    assert invoke(s3.event(PAYLOAD)).status == 200


def test_limits_are_checked_before_the_body_is_read(s3, invoke, monkeypatch):
    monkeypatch.setenv("JITPREP_MAX_BYTES", "1000")
    from jitprep.service import config

    config.config.cache_clear()
    s3.answer.claimed_length = 10**12
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (400, "ObjectTooLarge")


def test_a_truncated_body_is_reported(s3, invoke):
    serve_photo(s3)
    s3.answer.claimed_length = 10**6
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (503, "SourceUnavailable")


def test_an_unreachable_s3_is_reported(s3, invoke, monkeypatch, caplog):
    located("io-iad-cell001")  # which answers where S3 is
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    config.cache_clear()
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (503, "SourceUnavailable")
    message = written.headers["x-amz-fwd-error-message"]
    assert "S3 at 127.0.0.1:1 could not be read (the connection was refused)" in message
    assert "SECRET" not in caplog.text + message


def test_an_s3_that_hangs_is_given_up_in_time(s3, invoke):
    s3.answer.delay_s = 3.0
    written = invoke(s3.event(PAYLOAD), remaining_ms=600)
    assert written.status == 503
    assert written.code in ("SourceUnavailable", "DeadlineExceeded")


def test_a_transform_that_overruns_is_given_up_in_time(s3, invoke, monkeypatch):
    import threading

    serve_photo(s3)
    released = threading.Event()
    monkeypatch.setattr(Pipeline, "encode", lambda *_, **__: released.wait(20))
    written = invoke(s3.event(PAYLOAD), remaining_ms=600)
    assert (written.status, written.code) == (503, "DeadlineExceeded")
    monkeypatch.undo()
    released.set()


def test_an_unexpected_error_is_an_internal_error_without_its_message(
    s3, invoke, monkeypatch, capsys
):
    serve_photo(s3)

    def explode(*_: Any, **__: Any) -> None:
        raise KeyError("a secret in an exception")

    monkeypatch.setattr(Pipeline, "encode", explode)
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (500, "InternalError")
    logged = capsys.readouterr().out
    assert "KeyError" in logged
    assert "explode" in logged
    assert "a secret" not in logged + str(written.headers)
