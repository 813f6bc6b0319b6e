"""Answers that are too large for Lambda: stored where the client can fetch them, or refused."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.app import choose_door
from jitprep.service import s3 as own
from jitprep.service.config import config
from jitprep.service.lambda_limits import max_body_bytes
from jitprep.service.messages import Response
from jitprep.service.results import spill
from preprocessing import Pipeline
from tests.photos import photo

from ....handler.doors.http.http_events import function_url, http_api

LARGE = "resize:1300,1300/npy"
LARGEST_RESPONSE = 6 * 2**20


@pytest.fixture(autouse=True)
def large(s3, monkeypatch, tmp_path):
    presets = tmp_path / "presets.toml"
    presets.write_text(f'default = "large"\n[presets]\nlarge = "{LARGE}"\n')
    monkeypatch.setenv("JITPREP_PRESETS", str(presets))
    monkeypatch.setenv("JITPREP_BUCKETS", "photos")
    config.cache_clear()
    s3.answer = replace(s3.answer, body=photo("rocket"))


@pytest.fixture
def folder(monkeypatch):
    monkeypatch.setenv("JITPREP_SPILL", "spilled/large")
    config.cache_clear()


def code(answer) -> tuple[int, str]:
    root = ET.fromstring(base64.b64decode(answer["body"]))
    return answer["statusCode"], root.findtext("Code") or ""


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("event", [function_url, http_api])
def test_a_large_object_is_stored_under_its_hash_with_a_redirect(s3, ask, event):
    answer = ask(event("/photos/r.jpg"))
    expected = Pipeline.parse(LARGE).encode(photo("rocket"))
    ((target, stored),) = s3.put.items()
    assert stored.body == expected.body
    assert stored.headers["content-type"] == expected.content_type
    assert urlsplit(target).path == f"/spilled/large/{hashlib.sha256(expected.body).hexdigest()}"
    assert (answer["statusCode"], answer["body"]) == (307, "")
    location = urlsplit(answer["headers"]["Location"])
    assert f"{location.scheme}://{location.netloc}" == s3.url
    assert location.path == urlsplit(target).path
    asked = parse_qs(location.query)
    assert asked["X-Amz-Expires"] == ["900"]
    assert asked["X-Amz-SignedHeaders"] == ["host"], "a client need send no header along"


@pytest.mark.usefixtures("folder")
def test_the_answer_says_of_the_object_what_it_always_does(s3, ask, monkeypatch):
    spilled = ask(function_url("/photos/r.jpg"))["headers"]
    head = ask(function_url("/photos/r.jpg", method="HEAD"))
    assert head["statusCode"] == 200
    del spilled["Location"], spilled["x-amz-meta-jitprep-geometry"]  # HEAD reads no original
    length = head["headers"].pop("Content-Length")
    assert spilled == head["headers"]
    assert int(length) == Pipeline.parse(LARGE).output.nbytes
    assert len(s3.put) == 1, "a HEAD puts nothing anywhere"


def test_without_a_folder_it_is_refused_with_what_to_do(s3, ask):
    answer = ask(function_url("/photos/r.jpg"))
    assert code(answer) == (413, "ResponseTooLarge")
    assert b"JITPREP_SPILL" in base64.b64decode(answer["body"])
    assert s3.put == {}


@pytest.mark.usefixtures("folder")
def test_a_part_is_answered_where_it_fits_and_refused_where_not(s3, ask):
    whole = Pipeline.parse(LARGE).encode(photo("rocket")).body
    small = ask(function_url("/photos/r.jpg", headers={"range": "bytes=5000000-"}))
    assert small["statusCode"] == 206
    assert base64.b64decode(small["body"]) == whole[5_000_000:]
    for asked in ({"range": "bytes=1-"}, {"range": "bytes=0-4999999"}):
        assert code(ask(function_url("/photos/r.jpg", headers=asked))) == (413, "ResponseTooLarge")
    by_number = ask(function_url("/photos/r.jpg", "partNumber=1"))
    assert code(by_number) == (413, "ResponseTooLarge")
    assert s3.put == {}


@pytest.mark.usefixtures("folder")
def test_a_folder_that_may_not_be_written_is_named(s3, ask):
    s3.put_status = 403
    answer = ask(function_url("/photos/r.jpg"))
    assert code(answer) == (500, "SpillFailed")
    assert b"(AccessDenied)" in base64.b64decode(answer["body"])


@pytest.mark.usefixtures("folder")
def test_an_unreachable_folder_is_reported(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # discard: nobody listens
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    config.cache_clear()
    own.client.cache_clear()
    with pytest.raises(spill.RequestFailed, match="EndpointConnectionError") as failure:
        spill.fit_body(Response(200, b"12"), 1)
    assert failure.value.code == "SpillFailed"


@pytest.mark.usefixtures("folder")
def test_a_large_listing_is_put_there_too(s3, ask):
    contents = "".join(
        f"<Contents><Key>{number}{'&amp;' * 1000}</Key><Size>1</Size></Contents>"
        for number in range(1000)
    )
    xml = f"<ListBucketResult>{contents}</ListBucketResult>".encode()
    s3.answer = replace(s3.answer, body=xml, headers={})
    answer = ask(function_url("/photos", "list-type=2"))
    assert answer["statusCode"] == 307
    ((_, stored),) = s3.put.items()
    assert stored.headers["content-type"] == "application/xml"
    assert len(ET.fromstring(stored.body).findall("Contents")) == 1000


@pytest.mark.usefixtures("folder")
def test_where_it_was_put_is_not_logged(ask, capsys):
    ask(function_url("/photos/r.jpg"))
    said = capsys.readouterr().out
    assert json.loads(said)["status"] == 307
    assert "X-Amz" not in said
    assert "spilled" not in said


def test_what_just_fits_passes_and_one_byte_more_does_not():
    most = max_body_bytes()
    whole = Response(200, bytes(most))
    assert spill.fit_body(whole, most) is whole
    with pytest.raises(spill.RequestFailed):
        spill.fit_body(Response(200, bytes(most + 1)), most)


def test_the_largest_answer_is_one_that_lambda_takes():
    door = choose_door(http_api("/"))
    body = bytes(range(256)) * (max_body_bytes() // 256)
    metadata = {f"x-amz-meta-{number}": "v" * 100 for number in range(20)}
    returned = door.reply(http_api("/photos/r.jpg"), Response(200, body, metadata))
    assert LARGEST_RESPONSE * 0.99 < len(json.dumps(returned)) <= LARGEST_RESPONSE


@given(st.integers(0, 2**23))
def test_the_largest_body_in_base64_and_its_overhead_fit(beside):
    encoded = -(-max_body_bytes(beside) // 3) * 4
    assert encoded == 0 or encoded + beside <= LARGEST_RESPONSE
