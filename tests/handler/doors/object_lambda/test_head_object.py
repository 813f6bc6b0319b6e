"""HEAD has the headers of GET, and above all its length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from jitprep.service.config import config
from jitprep.service.results.derived_object import derived_etag
from preprocessing import IncompatibleSource, LimitExceeded, Pipeline
from tests.preprocessing.strategies import pipelines

from ....scripted_s3 import Answer

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
GEOMETRY = "x-amz-meta-jitprep-geometry"
FIXED, UNKNOWN = "resize:16,16/npy", "grayscale/resize:16,16/png"


def photo() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def payload(spec: str) -> str:
    return json.dumps({"spec": spec})


def told(written: Any) -> Mapping[str, str]:
    """Return the headers of a WriteGetObjectResponse as the client receives them."""
    found = {"content-length": written.headers["content-length"]}
    for name, value in written.headers.items():
        if name.startswith("x-amz-fwd-header-"):
            found[name.removeprefix("x-amz-fwd-header-")] = value
        elif name.startswith("x-amz-meta-"):
            found[name] = value
    return found


def lower(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


@pytest.mark.parametrize("spec", [FIXED, UNKNOWN, "resize:20/jpeg", "random_resized_crop:8/npy"])
@pytest.mark.parametrize(
    "user", [{}, {"headers": {"Range": "bytes=3-9"}}, {"url": "/a%20photo.jpg?partNumber=1"}]
)
def test_head_has_the_headers_of_get(s3, invoke, ask, spec, user):
    s3.answer.body = photo()
    s3.answer.headers = {
        "Last-Modified": DATE,
        "x-amz-version-id": "v7",
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:1:key/k",
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
        "Cache-Control": "max-age=60",
        "x-amz-meta-label": "cat",
    }
    head = ask(s3.event_of("HeadObject", payload(spec), **user))
    get = invoke(s3.event(payload(spec), **user))
    assert head["statusCode"] == get.status == (206 if user else 200)
    expected = dict(told(get))
    geometry = expected.pop(GEOMETRY)
    if (
        Pipeline.parse(spec).output.nbytes is None
    ):  # the original was read, as its size was asked for
        expected[GEOMETRY] = geometry
    assert lower(head["headers"]) == expected
    assert head["headers"]["Content-Length"] == len(get.body)
    assert head["headers"]["x-amz-meta-label"] == "cat"


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pipeline=pipelines(several=True))
def test_the_length_is_right_for_every_pipeline(s3, invoke, ask, pipeline: Pipeline):
    s3.answer.body = photo()
    try:
        body = pipeline.encode(photo()).body
    except (IncompatibleSource, LimitExceeded):
        return  # a GET of it is an error, and tests elsewhere say which
    head = ask(s3.event_of("HeadObject", payload(str(pipeline))))
    get = invoke(s3.event(payload(str(pipeline))))
    assert head["headers"]["Content-Length"] == len(get.body)
    if not pipeline.random:
        assert len(get.body) == len(body)
    s3.written.clear()


def test_a_fixed_size_is_known_without_reading_the_object(s3, ask):
    s3.answer.body = b"not even a photo"
    head = ask(s3.event_of("HeadObject", payload(FIXED)))
    assert head["headers"]["Content-Length"] == Pipeline.parse(FIXED).output.nbytes
    assert [method for method, _ in s3.targets] == ["HEAD"]


def test_a_size_that_depends_on_the_pixels_is_found_once_with_the_functions_own_role(s3, ask):
    s3.answer.body = photo()
    event = s3.event_of("HeadObject", payload(UNKNOWN))
    event["headObjectContext"]["inputS3Url"] += "&versionId=v7"
    first = ask(event)
    assert first["headers"]["Content-Length"] == len(Pipeline.parse(UNKNOWN).encode(photo()).body)
    assert [method for method, _ in s3.targets] == ["HEAD", "GET"]
    target = s3.targets[1][1]
    # Through the proxy that an endpoint is, the target is the whole URL.
    assert target.startswith("/photos/a%20photo.jpg?")
    assert "versionId=v7" in target
    assert s3.gets[0]["authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert "SECRETSIGNATURE" not in target
    assert ask(event) == first
    assert [method for method, _ in s3.targets] == ["HEAD", "GET", "HEAD"]


def test_without_permission_to_read_no_length_is_made_up(s3, ask):
    s3.answer.body = photo()
    s3.script = [
        Answer(claimed_length=9),
        Answer(403, body=b"<Error><Code>AccessDenied</Code></Error>"),
    ]
    head = ask(s3.event_of("HeadObject", payload(UNKNOWN)))
    assert (head["statusCode"], head["errorCode"]) == (403, "SizeUnknown")
    assert "s3:GetObject" in head["errorMessage"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "NoSuchKey"), (403, "AccessDenied"), (400, "SourceRefused")],
)
def test_s3s_refusal_of_a_head_gets_a_message(s3, ask, status, code):
    s3.answer.status = status
    head = ask(s3.event_of("HeadObject", payload(FIXED)))
    assert (head["statusCode"], head["errorCode"]) == (status, code)
    assert "headers" not in head


def test_an_empty_object_is_the_error_that_a_get_of_it_is(s3, invoke, ask):
    for spec in (FIXED, UNKNOWN):
        head = ask(s3.event_of("HeadObject", payload(spec)))
        assert (head["statusCode"], head["errorCode"]) == (400, "EmptyObject")
    assert invoke(s3.event(payload(FIXED))).code == "EmptyObject"


def test_a_folders_marker_passes_as_it_is(s3, invoke, ask):
    """S3's console creates an empty object whose key ends in a slash, and clients read it."""
    s3.answer.headers = {"Content-Type": "application/x-directory"}
    head = ask(s3.event_of("HeadObject", payload(FIXED), url="/folder/"))
    assert (head["statusCode"], head["headers"]["Content-Length"]) == (200, 0)
    get = invoke(s3.event(payload(FIXED), url="/folder/"))
    assert (get.status, get.body) == (200, b"")
    assert lower(head["headers"]) == told(get)
    assert head["headers"]["Content-Type"] == "application/x-directory"


def test_an_object_over_the_limit_is_refused_as_in_a_get(s3, ask):
    s3.answer.claimed_length = 10**12
    head = ask(s3.event_of("HeadObject", payload(FIXED)))
    assert (head["statusCode"], head["errorCode"]) == (400, "ObjectTooLarge")


def test_a_seed_is_part_of_the_identity(s3, ask, monkeypatch):
    monkeypatch.setenv("JITPREP_REQUEST_OVERRIDES", "seed")
    config.cache_clear()
    s3.answer.body = photo()
    spec = "random_resized_crop:8/npy"
    head = ask(s3.event_of("HeadObject", payload(spec), url="/a%20photo.jpg?seed=3"))
    assert head["headers"]["x-amz-meta-jitprep-seed"] == "3"
    fingerprint = Pipeline.parse(spec).fingerprint
    assert head["headers"]["ETag"] == derived_etag('"source"', fingerprint, 3)


@pytest.mark.parametrize("name", ["algorithm", "key", "key-MD5"])
@pytest.mark.parametrize("action", ["GetObject", "HeadObject", "ListObjectsV2"])
def test_a_key_of_the_clients_own_is_refused(s3, invoke, ask, action, name):
    user = {"headers": {f"X-Amz-Server-Side-Encryption-Customer-{name}": "AES256"}}
    if action == "GetObject":
        written = invoke(s3.event(payload(FIXED), **user))
        assert (written.status, written.code) == (400, "InvalidRequest")
    else:
        returned = ask(s3.event_of(action, payload(FIXED), **user))
        assert (returned["statusCode"], returned["errorCode"]) == (400, "InvalidRequest")
    assert s3.targets == []
