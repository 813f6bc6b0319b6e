"""What a function returns for a request to its URL."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.emulator.function_url.reply import InvalidReply, client_response

from .urls import FAILURE


@pytest.mark.parametrize(
    ("path", "status", "kind", "body"),
    [
        ("/string", 200, "application/json", b'"Hello, world!"'),
        ("/table", 200, "application/json", b'{"message": "Hello, world!"}'),
        ("/custom", 201, "application/json", b'{"message": "Hello, world!"}'),
        ("/binary", 200, "application/octet-stream", bytes(range(256))),
    ],
)
def test_what_a_function_returns_is_read_as_documented(ask, path, status, kind, body):
    answer = ask(path)
    assert (answer.status, answer.headers["content-type"], answer.data) == (status, kind, body)
    assert answer.headers["content-length"] == str(len(body))
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-amzn-requestid"])


def test_headers_and_cookies_of_the_functions_reach_the_client(ask):
    answer = ask("/cookies")
    assert answer.headers["my-custom-header"] == "Custom Value"
    assert answer.headers.getlist("set-cookie") == [
        "Cookie_1=Value1; Expires=21 Oct 2021 07:48 GMT",
        "Cookie_2=Value2; Max-Age=78000",
    ]


def test_a_head_has_the_length_that_the_function_says_and_no_body(ask):
    answer = ask("/binary", "HEAD")
    assert (answer.status, answer.headers["content-length"], answer.data) == (200, "256", b"")
    assert ask("/custom").status == 201, "the connection is good for another"


def returned(value: Any, method: str = "GET") -> Any:
    return client_response(json.dumps(value).encode(), method)


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": "200"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": None},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": ["a=1\n"]},
        {"statusCode": 200, "body": "no base64", "isBase64Encoded": True},
    ],
)
def test_an_invalid_reply_is_a_502(ask, value):
    with pytest.raises(InvalidReply):
        returned(value)
    answer = ask("/given", "POST", {"Content-Type": "application/json"}, json.dumps(value).encode())
    assert (answer.status, answer.data) == (502, FAILURE)


@pytest.mark.parametrize("value", [None, 1, [1, {"a": 2}], "ü", {}, {"body": "b"}])
def test_any_other_json_is_the_body(value):
    answer = returned(value)
    assert (answer.status_code, json.loads(answer.body)) == (200, value)


def test_reserved_headers_are_renamed_and_numbers_become_text():
    headers = {"Connection": "close", "Date": "now", "X-Count": 3, "X-Yes": True}
    answer = returned({"statusCode": 204, "headers": headers, "body": None})
    assert answer.headers["x-amzn-remapped-connection"] == "close"
    assert answer.headers["x-amzn-remapped-date"] == "now"
    assert answer.headers["x-count"] == "3"
    assert answer.headers["x-yes"] == "true"
    assert "connection" not in answer.headers
    assert returned({"statusCode": 200, "body": {"a": 1}}).body == b'{"a": 1}'


@given(st.binary(max_size=300).filter(lambda text: not _is_json(text)))
def test_a_reply_that_is_not_json_is_invalid(payload):
    with pytest.raises(InvalidReply):
        client_response(payload, "GET")


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
