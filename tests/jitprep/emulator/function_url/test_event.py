"""The event that a function gets for a request to its URL."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from jitprep.emulator.function_url.event import FunctionUrlRequest, function_url_event

from .urls import HOST


def test_the_event_has_the_fields_that_aws_documents(urls, event_of):
    before = time.time()
    event = event_of("/echo/my/path?parameter1=value1&parameter1=value2&parameter2=value")
    assert {name: event[name] for name in ("version", "routeKey", "rawPath", "rawQueryString")} == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/echo/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
    }
    assert event["queryStringParameters"] == {"parameter1": "value1,value2", "parameter2": "value"}
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    context = event["requestContext"]
    assert context["time"].endswith(" +0000")
    made = datetime.strptime(context["time"], "%d/%b/%Y:%H:%M:%S %z").timestamp()
    assert before - 1 <= made <= time.time()
    assert before - 1 <= context["timeEpoch"] / 1000 <= time.time()
    assert re.fullmatch(r"[0-9a-f-]{36}", context["requestId"])
    assert context["http"].pop("userAgent").startswith("python-urllib3/")
    assert {
        name: context[name] for name in context.keys() - {"time", "timeEpoch", "requestId"}
    } == {
        "accountId": "123456789012",
        "apiId": "preprocess",
        "authentication": None,
        "authorizer": {
            "iam": {
                "accessKey": "test",
                "accountId": "123456789012",
                "callerId": "AIDALOCALUSER",
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": "arn:aws:iam::123456789012:user/local",
                "userId": "AIDALOCALUSER",
            }
        },
        "domainName": HOST,
        "domainPrefix": "preprocess",
        "http": {
            "method": "GET",
            "path": "/echo/my/path",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
        },
        "routeKey": "$default",
        "stage": "$default",
    }


def test_headers_are_in_lower_case_and_include_those_of_aws(urls, event_of):
    event = event_of(headers={"X-Mixed-Case": "A b", "X-Forwarded-For": "192.0.2.7"})
    headers = event["headers"]
    assert headers["x-mixed-case"] == "A b"
    assert headers["host"] == HOST
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-port"] == str(urlsplit(urls.url).port)
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert all(name == name.lower() for name in headers)


def test_no_credentials_of_the_caller_reach_the_function(event_of):
    event = event_of(headers={"X-Amz-Security-Token": "a session"})
    assert event["headers"].keys().isdisjoint({"authorization", "x-amz-security-token"})
    assert "Signature=" not in json.dumps(event)


def test_repeated_headers_are_joined_and_cookies_are_listed():
    event = made(
        headers=[
            (b"x-two", b"1"),
            (b"cookie", b"a=1; b=2"),
            (b"x-two", "ü".encode()),
            (b"cookie", b"c=3"),
        ]
    )
    assert event["headers"]["x-two"] == "1,ü"
    assert "cookie" not in event["headers"]
    assert event["cookies"] == ["a=1", "b=2", "c=3"]
    assert "cookies" not in made()


def test_an_unsigned_caller_is_anonymous():
    context = made()["requestContext"]
    assert context["accountId"] == "anonymous"
    assert "authorizer" not in context


def made(
    body: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None, path: str = "/"
) -> dict[str, Any]:
    scope = {
        "type": "http",
        "method": "POST",
        "raw_path": path.encode("latin-1"),
        "path": path,
        "query_string": b"",
        "headers": headers or [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 9000),
        "client": ("127.0.0.1", 50000),
    }
    url = FunctionUrlRequest("preprocess", path, HOST)
    return json.loads(function_url_event(url, Request(scope), body, "123456789012", "id"))


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/plain", b"words", True),
        ("text/html; charset=utf-8", "ü".encode(), True),
        ("application/json", b'{"a": 1}', True),
        ("application/vnd.api+json", b"{}", True),
        ("Application/XML", b"<a/>", True),
        ("image/svg+xml", b"<svg/>", False),
        ("application/javascript", b"1", True),
        ("application/octet-stream", b"words", False),
        ("application/x-www-form-urlencoded", b"a=1", False),
        ("", b"words", False),
        ("text/plain", b"\xff\xfe", False),
    ],
)
def test_a_body_of_a_text_type_in_utf_8_is_text(kind, body, text):
    event = made(body, [(b"content-type", kind.encode())])
    assert event["isBase64Encoded"] is not text
    if text:
        assert event["body"] == body.decode()


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream"])
def test_every_body_reaches_the_function_and_comes_back(ask, kind):
    body = bytes(range(256)) if "octet" in kind else "ünïcode\r\n".encode()
    assert ask("/body", "POST", {"Content-Type": kind}, body).data == body


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_the_path_is_unchanged(key):
    path = f"/photos/{quote(key, safe='')}"
    event = made(path=path)
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == path


@pytest.mark.parametrize(
    "path", ["/a%20b", "/a%2Bb", "/100%25", "/a//b", "//a", "/%C3%BC", "/a%2Fb"]
)
def test_paths_are_not_normalised(event_of, path):
    assert event_of(f"/echo{path}")["rawPath"] == f"/echo{path}"
