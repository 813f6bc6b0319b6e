"""GetObject through the door: every event ends in exactly one explicit answer."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from jitprep.service import s3 as own
from jitprep.service.config import config
from jitprep.service.results.derived_object import derived_etag
from preprocessing import Pipeline, Seed

SPEC = "grayscale/resize:16,16/png"
PAYLOAD = json.dumps({"spec": SPEC})


def photo(height: int = 40, width: int = 60) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG")
    return stream.getvalue()


def serve_photo(s3: Any, **headers: str) -> bytes:
    s3.answer.body = photo()
    s3.answer.headers = headers
    return s3.answer.body


def test_answer_is_the_librarys_bytes_under_s3s_headers(s3, invoke):
    body = serve_photo(s3, **{"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"})
    written = invoke(s3.event(PAYLOAD))
    pipeline = Pipeline.parse(SPEC)
    assert written.status == 200
    assert written.body == pipeline.encode(body).body
    headers = written.headers
    assert headers["x-amz-request-token"] == "SECRETTOKEN"
    assert headers["x-amz-fwd-header-content-type"] == "image/png"
    assert headers["x-amz-fwd-header-etag"] == derived_etag('"source"', pipeline.fingerprint, 0)
    assert headers["x-amz-fwd-header-last-modified"] == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert headers["x-amz-meta-jitprep-pipeline"] == SPEC
    assert headers["x-amz-meta-jitprep-fingerprint"] == pipeline.fingerprint
    assert headers["x-amz-meta-jitprep-source-etag"] == '"source"'


def test_signed_headers_are_sent_to_s3_and_no_others(s3, invoke):
    serve_photo(s3)
    invoke(s3.event(PAYLOAD, headers={"X-Amz-Request-Payer": "requester", "X-Other": "1"}))
    assert s3.gets[-1]["x-amz-request-payer"] == "requester"
    assert "x-other" not in s3.gets[-1]


@pytest.mark.parametrize("url", ["https://olap.example/a%20photo.jpg", "/a%20photo.jpg"])
def test_absolute_and_bare_urls_of_the_user_request(s3, invoke, url, capsys):
    serve_photo(s3)
    assert invoke(s3.event(PAYLOAD, url=url)).status == 200
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["key"] == "a photo.jpg"


@pytest.mark.parametrize(
    ("header", "status"),
    [("{etag}", 304), ("W/{etag}", 304), ('"other", {etag}', 304), ("*", 304), ('"other"', 200)],
)
def test_if_none_match_speaks_of_the_derived_etag(s3, invoke, header, status):
    serve_photo(s3)
    etag = derived_etag('"source"', Pipeline.parse(SPEC).fingerprint, 0)
    written = invoke(s3.event(PAYLOAD, headers={"If-None-Match": header.format(etag=etag)}))
    assert written.status == status
    assert "if-none-match" not in s3.gets[-1]


def test_if_match_of_the_sources_etag_fails(s3, invoke):
    serve_photo(s3)
    written = invoke(s3.event(PAYLOAD, headers={"If-Match": '"source"'}))
    assert (written.status, written.code) == (412, "PreconditionFailed")


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


def test_a_refusal_that_is_no_xml_is_still_an_answer(s3, invoke):
    s3.answer.status, s3.answer.body = 403, b"<html>go away"
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (403, "SourceRefused")


def test_a_redirect_is_not_followed(s3, invoke):
    s3.answer.status = 307
    s3.answer.headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code, len(s3.gets)) == (500, "SourceRefused", 1)


def test_a_failing_s3_is_asked_again_then_told_and_the_url_stays_secret(s3, invoke, caplog):
    s3.answer.status = 503
    written = invoke(s3.event(PAYLOAD))
    assert written.status == 503
    assert len(s3.gets) == 5
    assert "SECRET" not in caplog.text


BAD = {
    "empty": (b"", "EmptyObject"),
    "text": (b"not a photo at all", "UnknownFormat"),
    "truncated": (photo()[:700], "CorruptObject"),
}


RANDOM = "random_resized_crop:16/random_horizontal_flip/npy"


@pytest.fixture
def overrides(monkeypatch, s3):
    """Let requests choose; the configuration is read anew."""
    monkeypatch.setenv("JITPREP_REQUEST_OVERRIDES", "seed, pipeline")
    config.cache_clear()
    yield
    config.cache_clear()


def test_a_random_pipeline_draws_from_the_objects_identity(s3, invoke):
    """The notebook gets the bytes of the read, where it tells the same key and ETag."""
    body = serve_photo(s3)
    pipeline = Pipeline.parse(RANDOM)
    first, second = (invoke(s3.event(json.dumps({"spec": RANDOM}))) for _ in range(2))
    assert first.body == second.body
    assert first.body == pipeline.encode(body, seed=Seed(0, "a photo.jpg", '"source"')).body
    assert first.headers["x-amz-meta-jitprep-seed"] == "0"


@pytest.mark.parametrize("how", ["query", "header"])
def test_a_request_may_pass_its_seed_where_that_is_allowed(s3, invoke, overrides, how):
    body = serve_photo(s3)
    asked = (
        {"url": "/a%20photo.jpg?seed=7"} if how == "query" else {"headers": {"X-Jitprep-Seed": "7"}}
    )
    written = invoke(s3.event(json.dumps({"spec": RANDOM}), **asked))
    seed = Seed(7, "a photo.jpg", '"source"')
    assert written.body == Pipeline.parse(RANDOM).encode(body, seed=seed).body
    fingerprint = Pipeline.parse(RANDOM).fingerprint
    assert written.headers["x-amz-fwd-header-etag"] == derived_etag('"source"', fingerprint, 7)
    assert derived_etag('"source"', fingerprint, 7) != derived_etag('"source"', fingerprint, 0)


def test_a_seed_does_not_change_the_identity_of_what_draws_nothing(s3, invoke, overrides):
    serve_photo(s3)
    etags = {
        invoke(s3.event(PAYLOAD, url=f"/a.jpg?seed={n}")).headers["x-amz-fwd-header-etag"]
        for n in (0, 1)
    }
    assert len(etags) == 1


def test_a_request_may_choose_a_preset_where_that_is_allowed(s3, invoke, overrides):
    serve_photo(s3)
    written = invoke(s3.event(PAYLOAD, url="/a.jpg?pipeline=imagenet"))
    assert written.headers["x-amz-meta-jitprep-pipeline"].startswith("resize:256/center_crop:224")


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", str(2**63), "9" * 5000, "³"])
def test_a_seed_that_is_no_number_is_refused(s3, invoke, overrides, seed):
    serve_photo(s3)
    written = invoke(s3.event(PAYLOAD, headers={"x-jitprep-seed": seed}))
    assert (written.status, written.code) == (400, "InvalidSeed")


@pytest.mark.parametrize("query", ["seed=1", "pipeline=imagenet"])
def test_overrides_are_refused_by_default(s3, invoke, query):
    serve_photo(s3)
    written = invoke(s3.event(PAYLOAD, url=f"/a.jpg?{query}"))
    assert (written.status, written.code) == (400, "OverrideNotAllowed")


@pytest.mark.parametrize("name", BAD)
def test_bad_objects_have_codes_of_their_own(s3, invoke, name):
    s3.answer.body, code = BAD[name]
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (400, code)
    s3.answer.body = photo()
    assert invoke(s3.event(PAYLOAD)).status == 200


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ('{"pipeline": "no-such"}', "UnknownPipeline"),
        ('{"pipeline": 7}', "UnknownPipeline"),
        ('{"spec": "resise:1"}', "InvalidPipeline"),
        ('{"spec": 7}', "InvalidPipeline"),
        ('{"spec": "png", "pipeline": "imagenet"}', "InvalidPipeline"),
        ('{"sepc": "png"}', "InvalidPipeline"),
        ("imagenet", "InvalidPipeline"),
        ("[" * 100_000, "InvalidPipeline"),
    ],
)
def test_a_wrong_payload_is_refused_before_s3_is_read(s3, invoke, payload, code):
    written = invoke(s3.event(payload))
    assert (written.status, written.code) == (400, code)
    assert s3.gets == []


@pytest.mark.parametrize(
    ("payload", "shape"),
    [("", (3, 224, 224)), ('{"pipeline": "imagenet"}', (3, 224, 224))],
)
def test_presets(s3, invoke, payload, shape):
    serve_photo(s3)
    assert np.load(BytesIO(invoke(s3.event(payload)).body)).shape == shape


def test_limits_are_checked_before_the_body_is_read(s3, invoke, monkeypatch):
    monkeypatch.setenv("JITPREP_MAX_BYTES", "1000")
    from jitprep.service import config

    config.config.cache_clear()
    s3.answer.claimed_length = 10**12
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (400, "ObjectTooLarge")


def test_a_body_that_breaks_off_is_told(s3, invoke):
    serve_photo(s3)
    s3.answer.claimed_length = 10**6
    written = invoke(s3.event(PAYLOAD))
    assert (written.status, written.code) == (503, "SourceUnavailable")


def test_an_s3_that_is_not_there_is_told(s3, invoke, monkeypatch, caplog):
    own.client()  # which answers where S3 is
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


def test_what_nobody_foresaw_is_an_internal_error_without_its_words(
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


def test_a_missing_field_is_named(s3, invoke):
    event = s3.event(PAYLOAD)
    del event["getObjectContext"]["inputS3Url"]
    written = invoke(event)
    assert written.code == "InvalidEvent"
    assert "inputS3Url" in written.headers["x-amz-fwd-error-message"]


@pytest.mark.parametrize("event", [{}, {"Records": []}, [], None])
def test_an_event_of_no_known_shape_fails_the_invocation(s3, event):
    from handler.app import lambda_handler

    from ...scripted_s3 import Context

    with pytest.raises(ValueError, match="none of the doors"):
        lambda_handler(event, Context())


def test_one_json_line_a_request_and_no_secrets(s3, invoke, capsys):
    body = serve_photo(s3)
    written = invoke(s3.event(PAYLOAD))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    line = json.loads(lines[0])
    assert (line["bytesIn"], line["bytesOut"]) == (len(body), len(written.body))
    assert line["pipeline"] == SPEC
    assert set(line["ms"]) == {"fetch", "transform", "reply", "total"}
    assert isinstance(line["cold"], bool)
    for secret in ("SECRETSIGNATURE", "SECRETTOKEN", "SECRETPRINCIPAL", s3.url):
        assert secret not in lines[0]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(configuration=anything, headers=anything, url=anything, payload=st.text(max_size=40))
def test_whatever_an_event_holds_the_client_gets_one_answer(
    s3, invoke, configuration, headers, url, payload
):
    s3.answer.body = photo()
    event = s3.event(payload)
    event["userRequest"] = {"url": url, "headers": headers}
    if configuration is not None:
        event["configuration"] = configuration
    written = invoke(event)
    assert written.status in (200, 400)
    assert (written.code is None) == (written.status == 200)
