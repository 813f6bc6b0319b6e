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


@pytest.mark.parametrize("spec", ["resize:16,16/npy", "random_resized_crop:16/png"])
def test_each_part_has_the_geometry_of_the_whole(s3, invoke, spec):
    """Also from the cache, and after other objects were asked for."""
    body = serve_photo(s3)
    pipeline, seed = Pipeline.parse(spec), Seed(0, "a photo.jpg", '"source"')
    expected = str(pipeline.geometry(body, seed=seed))
    for asked in ({}, {"Range": "bytes=3-9"}, {"Range": "bytes=9-20"}, {}):
        written = invoke(s3.event(json.dumps({"spec": spec}), headers=asked, url="/a%20photo.jpg"))
        assert written.headers["x-amz-meta-jitprep-geometry"] == expected
        assert pipeline.encode(body, seed=seed).metadata["geometry"] == expected


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


def test_a_missing_field_is_named(s3, invoke):
    event = s3.event(PAYLOAD)
    del event["getObjectContext"]["inputS3Url"]
    written = invoke(event)
    assert written.code == "InvalidEvent"
    assert "inputS3Url" in written.headers["x-amz-fwd-error-message"]


@pytest.mark.parametrize("event", [{}, {"Records": []}, [], None])
def test_an_event_of_no_known_shape_fails_the_invocation(s3, event):
    from handler.app import lambda_handler

    from ....scripted_s3 import Context

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
    assert set(line["ms"]) == {"fetch", "wait", "transform", "reply", "total"}
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
def test_any_event_gets_one_answer(s3, invoke, configuration, headers, url, payload):
    s3.answer.body = photo()
    event = s3.event(payload)
    event["userRequest"] = {"url": url, "headers": headers}
    if configuration is not None:
        event["configuration"] = configuration
    written = invoke(event)
    assert written.status in (200, 400)
    assert (written.code is None) == (written.status == 200)
